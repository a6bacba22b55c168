"""Checks the messages of the commits that are not on main yet."""

from collections.abc import Iterator
import re
import subprocess
import sys

LONGEST = 72
CODE = re.compile(r"`[^`]*`")
# Neither can be wrapped: a table, output or code that is indented, an address
UNWRAPPED = re.compile(r"\||    |.*://")


def problems(message: str) -> Iterator[str]:
    """Yield the rules that a message breaks."""
    subject, *rest = message.rstrip("\n").split("\n")
    prose = CODE.sub("", subject)
    if len(subject) > LONGEST:
        yield f"the subject has {len(subject)} characters, more than {LONGEST}"
    if not subject[:1].isupper():
        yield "the subject does not begin with a capital letter"
    if subject.endswith("."):
        yield "the subject ends with a full stop"
    if ":" in prose:
        yield "the subject has a colon"
    for link in (" and ", ", as "):
        if link in prose:
            yield f'"{link.strip(", ")}" joins two thoughts in the subject'
    if rest and rest[0]:
        yield "no blank line between subject and body"
    for number, line in enumerate(rest, start=2):
        if len(line) > LONGEST and not UNWRAPPED.match(line):
            yield f"line {number} has {len(line)} characters, more than {LONGEST}"


def git(*arguments: str) -> str | None:
    """Return the output of git, or None if it fails."""
    result = subprocess.run(("git", *arguments), capture_output=True, text=True, check=False)
    return result.stdout.rstrip("\n") if result.returncode == 0 else None


def new_commits() -> list[str] | None:
    """Return the commits that are not on main yet, oldest first, or None if this clone cannot know."""
    bases = ["refs/remotes/origin/main"]
    if git("symbolic-ref", "--quiet", "HEAD") != "refs/heads/main":
        bases.append("refs/heads/main")
    known = [base for base in bases if git("rev-parse", "--quiet", "--verify", base)]
    # A shallow clone may have main but not where this branch left it
    if not any(git("merge-base", "HEAD", base) for base in known):
        return None
    commits = git("rev-list", "--reverse", "--no-merges", "HEAD", "--not", *known)
    return commits.split() if commits is not None else None


def main() -> int:
    """Print the broken rules of each new commit, and return 1 if there are any."""
    commits = new_commits()
    if commits is None:
        print("lint: commits: no other main to compare with: SKIPPED", file=sys.stderr)
        return 0
    failed = 0
    for commit in commits:
        message = git("log", "-1", "--format=%B", commit) or ""
        subject = message.partition("\n")[0]
        for problem in problems(message):
            print(f'{commit[:10]} "{subject}": {problem}', file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
