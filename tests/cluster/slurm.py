"""A Slurm of its own for a test: on this machine alone, in a folder, gone when the test ends.

    with Slurm(folder, nodes=3) as slurm:
        job = slurm.submit("scan.sbatch", "in.yaml", "cube.h5", options=["--time=2"])
        slurm.wait(job)

It needs slurmctld, slurmd, the clients (sbatch, srun, scontrol, squeue, scancel) and munge, and runs them as the user it is
started by, who must be root. Nothing outside the folder is touched. Several nodes are several slurmd on one host; a node
claims as many cores as it is told to. Every wait has a deadline.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel", "munged", "mungekey")

CONFIGURATION = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/sock
CredType=cred/munge
SlurmdParameters=config_overrides
SlurmctldPort={port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
MpiDefault=pmix
ReturnToService=2
TmpFS={folder}/tmp.%n
SlurmdTimeout=10
InactiveLimit=0
KillWait=3
OverTimeLimit=0
MailProg=/bin/true
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """What this machine lacks for it; an empty list when all is there."""
    found = [program for program in PROGRAMS if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")]
    return found + ([] if os.geteuid() == 0 else ["root"])


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(n):
    """Ports that nobody has, below those that the kernel gives to connections. Several tests choose at once: by chance."""
    ports = []
    while len(ports) < n:
        port = random.SystemRandom().randrange(10000, 32000)
        if port not in ports and is_free(port):
            ports.append(port)
    return ports


class Slurm:
    def __init__(self, folder, nodes=1, cores=4):
        self.folder, self.cores = folder, cores
        self.names = [f"n{i + 1}" for i in range(nodes)]
        self.daemons, self.requeued = {}, {}
        for name in ("munge", "state", "log", *(f"spool.{node}" for node in self.names), *self.temporary_folders()):
            (folder / name).mkdir(parents=True)
        (folder / "munge").chmod(0o700)
        self.environment = {
            name: value for name, value in os.environ.items() if not re.match(r"^(OMPI_|PMI|PRTE_|SLURM_|SBATCH_)", name)
        }
        self.environment |= {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
        # as a container runs it; a rank that waits leaves the core to the one that it waits for
        self.environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        self.environment |= {"OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_MCA_btl": "tcp,self"}
        self.environment |= {"OMPI_MCA_hwloc_base_binding_policy": "none", "SLURM_MPI_TYPE": "pmix"}

    def temporary_folders(self):
        return [f"tmp.{node}" for node in self.names]

    def configuration(self):
        host = socket.gethostname().split(".")[0]
        ports = free_ports(1 + len(self.names))
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={self.cores} Sockets=1 "
            f"CoresPerSocket={self.cores} ThreadsPerCore=1 RealMemory=2000 State=UNKNOWN"
            for name, port in zip(self.names, ports[1:])
        )
        return CONFIGURATION.format(host=host, folder=self.folder, port=ports[0], nodes=nodes)

    def start(self, name, *command):
        with open(self.folder / "log" / f"{name}.out", "ab") as out:
            self.daemons[name] = subprocess.Popen(
                command, env=self.environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def __enter__(self):
        try:
            self.start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_all(self):
        munge = self.folder / "munge"
        (self.folder / "slurm.conf").write_text(self.configuration())
        self.call("mungekey", "-c", "-k", str(munge / "key"))
        self.start("munged", "munged", "-F", "--force", "-S", f"{munge}/sock", f"--key-file={munge}/key", f"--pid-file={munge}/pid",
                   f"--log-file={munge}/log", f"--seed-file={munge}/seed")  # fmt: skip
        self.until(lambda: (munge / "sock").exists(), 60, "munged does not start")
        self.start("slurmctld", "slurmctld", "-D", "-f", f"{self.folder}/slurm.conf")
        for node in self.names:
            self.start_node(node)
        self.until(lambda: self.idle_nodes() == len(self.names), 180, "the nodes do not come up")

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.SubprocessError, TimeoutError):
            for job in self.call("squeue", "-h", "-o", "%i").split():
                self.call("scancel", "--full", "-s", "KILL", job)
                self.call("scancel", job)
            self.until(lambda: not self.call("squeue", "-h", "-o", "%i"), 60, "jobs remain")
        for name in [*self.names, "slurmctld", "munged"]:
            if name in self.daemons and self.daemons[name].poll() is None:
                self.daemons[name].terminate()
                try:
                    self.daemons[name].wait(timeout=20)
                except subprocess.TimeoutExpired:
                    self.daemons[name].kill()
                    self.daemons[name].wait(timeout=20)
        self.end_what_is_left()

    def end_what_is_left(self):
        """Nothing of this Slurm outlives it: steps and ranks know it by their environment."""
        mark = f"SLURM_CONF={self.folder}/slurm.conf".encode()
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]:
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    if mark in environ.read().split(b"\0"):
                        os.kill(pid, signal.SIGKILL)

    # ---- nodes ----

    def start_node(self, node):
        # a folder for temporary files each: what MPI keeps there is a node's own
        self.environment["TMPDIR"] = f"{self.folder}/tmp.{node}"
        self.start(node, "slurmd", "-D", "-N", node, "-f", f"{self.folder}/slurm.conf")
        del self.environment["TMPDIR"]

    def idle_nodes(self):
        states = self.call("sinfo", "-h", "-N", "-o", "%t", check=False).split()
        return sum(state == "idle" for state in states)

    def processes_of(self, node):
        """Everything that runs on a node: its slurmd, the step daemons, which leave it for init, and their tasks."""
        marks = {f"SLURMD_NODENAME={node}".encode(), f"SLURM_CONF={self.folder}/slurm.conf".encode()}
        steps, tasks = set(), set()
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    if not marks <= set(environ.read().split(b"\0")):
                        continue
                tasks.add(pid)
                with open(f"/proc/{pid}/stat") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
                with open(f"/proc/{parent}/comm") as comm:
                    if comm.read().startswith("slurmstepd"):
                        steps.add(parent)
        # who would tell of the others' end goes first
        return [self.daemons[node].pid, *steps, *(tasks - steps)]

    def kill_node(self, node):
        """As a power failure would: everything on it at once."""
        for pid in self.processes_of(node):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.daemons.pop(node).wait(timeout=20)

    # ---- jobs ----

    def call(self, *command, check=True, seconds=60, folder=None):
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=seconds,
                                cwd=folder, check=False)  # fmt: skip
        if check and result.returncode != 0:
            raise subprocess.SubprocessError(f"{' '.join(command)}: {result.stdout}{result.stderr}")
        return result.stdout.strip()

    def submit(self, script, *arguments, options=(), folder=None):
        out = self.call("sbatch", "--parsable", *options, str(script), *map(str, arguments), folder=folder)
        return out.split(";")[0]

    def about(self, job):
        """The fields of `scontrol show job`; of an array, of its first task that is shown."""
        text = self.call("scontrol", "show", "job", job, check=False)
        return dict(re.findall(r"(\w+)=(\S*)", text.split("\n\n")[0]))

    def state(self, job):
        return self.about(job).get("JobState", "GONE")

    def hurry(self, job):
        """A job that was requeued waits two minutes by itself. Some seconds it needs, or its credential is still revoked."""
        about = self.about(job)
        if about.get("JobState") != "PENDING" or int(about.get("Restarts", 0)) == 0:
            return
        first_seen = self.requeued.setdefault((job, about["Restarts"]), time.monotonic())
        if time.monotonic() - first_seen > 4.0:
            self.call("scontrol", "update", f"JobId={job}", "StartTime=now", check=False)

    def wait(self, job, seconds=300):
        """Until a job has ended for good; its state: COMPLETED, FAILED, TIMEOUT, CANCELLED, ..."""
        ended = ("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "GONE", "OUT_OF_MEMORY")

        def over():
            self.hurry(job)
            return self.state(job) in ended

        self.until(over, seconds, f"job {job} does not end")
        return self.state(job)

    def until(self, condition, seconds, complaint):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{complaint}\n{self.logs()}")
            time.sleep(0.1)

    def logs(self):
        text = []
        for path in sorted((self.folder / "log").iterdir()):
            with open(path, errors="replace") as file:
                text.append(f"---- {path.name}\n" + "".join(file.readlines()[-15:]))
        return "\n".join(text)
