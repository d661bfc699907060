# libdmumu, what other programs link: the core and the look-up, against a serial HDF5 where there is one (LOOKUP_*, from
# tools/configure.sh). Objects of its own, position-independent and without MPI's compiler where HDF5 needs none. Included
# by the Makefile.
LOOKUP_SRC := $(wildcard src/cube/lookup*.c) $(addprefix src/cube/,crc32.c fields.c guard.c hash.c hdf.c integrity.c \
              layout.c layout_open.c read.c read_values.c reader.c rows.c sha256.c)
LIBRARY_OBJ := $(patsubst %.c,$(BUILD)/pic/%.o,$(CORE_SRC) $(LOOKUP_SRC))
VERSION     := $(shell sed -n 's/^\#define DMUMU_VERSION "\(.*\)"/\1/p' include/dmumu.h)
SONAME      := libdmumu.so.$(firstword $(subst ., ,$(VERSION)))
STATIC_LIB  := $(BUILD)/libdmumu.a
SHARED_LIB  := $(BUILD)/libdmumu.so.$(VERSION)

.PHONY: library
library: $(STATIC_LIB) $(BUILD)/libdmumu.so $(BUILD)/dmumu.pc ## build libdmumu, for C and Python programs

$(BUILD)/pic/src/core/%.o: src/core/%.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CORE_CFLAGS) $(CFLAGS_ALL) -fPIC -c $< -o $@

$(BUILD)/pic/%.o: %.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(LOOKUP_CC) $(CPPFLAGS_ALL) $(LOOKUP_CFLAGS) $(CFLAGS_ALL) -fPIC -c $< -o $@

$(STATIC_LIB): $(LIBRARY_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libdmumu.map: include/dmumu.h tools/exports.sh
	@mkdir -p $(@D)
	@CC="$(CC)" tools/exports.sh $< $@

$(SHARED_LIB): $(LIBRARY_OBJ) $(BUILD)/libdmumu.map
	$(LOOKUP_CC) $(CFLAGS_ALL) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,$(BUILD)/libdmumu.map -Wl,--as-needed \
	    $(LIBRARY_OBJ) $(LDFLAGS) $(LOOKUP_LIBS) $(CORE_LIBS) -o $@

$(BUILD)/libdmumu.so: $(SHARED_LIB)
	ln -sf $(notdir $<) $(BUILD)/$(SONAME)
	ln -sf $(SONAME) $@

$(BUILD)/dmumu.pc: src/dmumu.pc.in $(BUILD)/config.mk include/dmumu.h FORCE
	@sed -e 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|; s|@LIBS@|$(LOOKUP_LIBS) $(CORE_LIBS) -fopenmp|' $< >$@

# The Python package goes where the program (src/cmd_python.c) and the package itself look for each other.
.PHONY: install-library install-python
install-python:
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/dmumu/python/dmumu,/ /plot)
	install -m 644 $(wildcard analysis/dmumu/*.py analysis/dmumu/*.js analysis/dmumu/py.typed) $(DESTDIR)$(PREFIX)/share/dmumu/python/dmumu/
	install -m 644 $(wildcard analysis/dmumu/plot/*.py) $(DESTDIR)$(PREFIX)/share/dmumu/python/dmumu/plot/

install-library: library
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,include lib/pkgconfig share/man/man1 share/man/man3 share/doc/dmumu/examples)
	install -m 644 include/dmumu.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 $(STATIC_LIB) $(DESTDIR)$(PREFIX)/lib/
	install -m 755 $(SHARED_LIB) $(DESTDIR)$(PREFIX)/lib/
	ln -sf $(notdir $(SHARED_LIB)) $(DESTDIR)$(PREFIX)/lib/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(PREFIX)/lib/libdmumu.so
	install -m 644 $(BUILD)/dmumu.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/
	install -m 644 $(wildcard man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 $(wildcard man/*.3) $(DESTDIR)$(PREFIX)/share/man/man3/
	install -m 644 $(wildcard examples/*.c) $(DESTDIR)$(PREFIX)/share/doc/dmumu/examples/

-include $(shell find $(BUILD)/pic -name '*.d' 2>/dev/null)
