"""Work in a forked process that may crash, hang or use up the memory."""

from collections.abc import Callable
import os
from pathlib import Path
import resource
from select import select
import signal

MAXIMUM_MEMORY = 24_000_000_000  # bytes of address space, of which threads take much
# Work that uses less CPU time in this many seconds waits for something that never comes
IDLE = 0.02
LONGEST_WAIT = 15


def in_child(work: Callable[[Callable[[str], None]], None], seconds: float) -> str:
    """Run work in a forked process, and return the one text it reports, or the status with which it was killed."""
    reader, writer = os.pipe()

    def report(text: str) -> None:
        os.write(writer, text.encode())
        os._exit(0)

    if (pid := os.fork()) == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(null, descriptor)
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
            resource.setrlimit(resource.RLIMIT_AS, (MAXIMUM_MEMORY, MAXIMUM_MEMORY))
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, 30 + 6 * seconds)
            work(report)
        except BaseException as err:  # noqa: BLE001 # pylint: disable=broad-exception-caught
            report(f"error: {err!r}")
        os._exit(1)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        spent = 0.0
        while not select([pipe], [], [], LONGEST_WAIT)[0]:
            before, spent = spent, _cpu_time(pid)
            if spent - before < IDLE:
                os.kill(pid, signal.SIGKILL)
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return " ".join(said.split()) or f"killed with status {status}"


def _cpu_time(pid: int) -> float:
    """Return a process's CPU time, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime
