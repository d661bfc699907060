"""A headless Chromium over its debugging pipe: pages are opened, keys pressed, scripts evaluated. No driver is needed."""

import contextlib
import json
import os
import select
import subprocess
import time

KEYS = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "End": 35, "Home": 36, "Tab": 9, " ": 32}


class Chromium:
    """One page. Messages are JSON, each ended by a NUL (Chrome DevTools Protocol)."""

    def __init__(self, program, profile, window=(1100, 900)):
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        self.process = self.start(program, profile, window, to_read, to_write)
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.n, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    @staticmethod
    def start(program, profile, window, to_read, to_write):
        """Chromium reads file descriptor 3 and writes 4: a shell puts ours there."""
        command = [
            "bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", program, "--headless=new", "--no-sandbox",
            "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
            f"--user-data-dir={profile}", f"--window-size={window[0]},{window[1]}",
        ]  # fmt: skip
        return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(to_read, to_write))

    def close(self):
        """End the browser."""
        with contextlib.suppress(OSError, TimeoutError):
            self.session = None
            self.call("Browser.close")
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.back)

    def message(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.back], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self.back, 1 << 16)
            if not part:
                raise OSError("Chromium has ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, timeout=60, **parameters):
        """One command; events that come before its answer are kept."""
        self.n += 1
        asked = {"id": self.n, "method": method, "params": parameters}
        if self.session:
            asked["sessionId"] = self.session
        os.write(self.to, json.dumps(asked).encode() + b"\0")
        until = time.monotonic() + timeout
        while True:
            heard = self.message(until)
            if heard.get("id") == self.n:
                if "error" in heard:
                    raise ValueError(f"{method}: {heard['error']}")
                return heard["result"]
            self.events.append(heard)

    def open(self, url, ready="document.documentElement?.dataset.ready === 'yes'"):
        """Go there and wait until an expression is true."""
        self.call("Page.navigate", url=url)
        until = time.monotonic() + 60
        while not self.value(ready):
            if time.monotonic() > until:
                raise TimeoutError(f"{url} is not ready: {self.complaints()}")
            time.sleep(0.1)

    def value(self, expression):
        """What an expression in the page is."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise ValueError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def press(self, key, times=1):
        """A real key, as the keyboard sends it."""
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                more = {"text": key} if key == " " and kind == "keyDown" else {}
                self.call("Input.dispatchKeyEvent", type=kind, key=key, code="Space" if key == " " else key,
                          windowsVirtualKeyCode=KEYS[key], **more)  # fmt: skip

    def requests(self):
        """URLs asked for so far, but for data inside the page."""
        sent = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith("data:")]

    def complaints(self):
        """Errors and exceptions so far."""
        kinds = ("Runtime.exceptionThrown", "Log.entryAdded")
        return [e["params"] for e in self.events if e.get("method") in kinds]
