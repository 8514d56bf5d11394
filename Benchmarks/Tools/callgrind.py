"""Counts instructions, and the calls of given functions with who made them, while one function of a program runs."""

import collections
import pathlib
import re
import shutil
import subprocess
import tempfile

#: What must not be called for each packet, by the group that it is counted under.
WATCHED = {
    "retain": re.compile(r"swift_(nonatomic_)?(bridgeObject|unknownObject)?[rR]etain(_n)?$"),
    "release": re.compile(r"swift_(nonatomic_)?(bridgeObject|unknownObject)?[rR]elease(_n)?$"),
    "allocObject": re.compile(r"swift_(allocObject|slowAlloc\w*|allocBox|initStackObject)$"),
    "malloc": re.compile(r"(malloc|calloc|realloc|posix_memalign|aligned_alloc|memalign)$"),
    "beginAccess": re.compile(r"swift_beginAccess$"),
    "lock": re.compile(r"(__)?pthread_mutex_lock(@.*)?$"),
}

Site = collections.namedtuple("Site", "group callee object address chain")


class Profile:
    def __init__(self):
        self.instructions = 0
        #: Instructions of each object's own.
        self.objects = collections.Counter()
        #: How often, by site.
        self.calls = collections.Counter()

    def count(self, group, among=lambda site: True):
        return sum(number for site, number in self.calls.items() if site.group == group and among(site))


def group_of(function):
    name = function.split("'")[0]
    return next((group for group, pattern in WATCHED.items() if pattern.match(name)), None)


def parse(path):
    """Reads what callgrind wrote without compression, with instruction addresses."""
    profile = Profile()
    function = called = object_ = ""
    pending = None
    for line in pathlib.Path(path).read_text(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key == "ob":
            object_ = value
        elif key == "fn":
            function = value
        elif key == "cfn":
            called = value
        elif key == "calls":
            pending = int(value.split()[0])
        elif line.startswith("0x"):
            address, _, cost = line.split()[:3] if len(line.split()) > 2 else (*line.split()[:2], "0")
            if pending is None:
                profile.instructions += int(cost)
                profile.objects[pathlib.Path(object_).name] += int(cost)
                continue
            group = group_of(called)
            # One that calls another of its kind, or the library's own of the same name, counts once.
            if group is not None and group != group_of(function):
                site = Site(group, called.split("'")[0], object_, address, tuple(function.split("'")))
                profile.calls[site] += pending
            pending = None
    return profile


def run(program, arguments, function, depth=12):
    """Runs a program, counting only while `function` runs.

    `depth`: how many callers are kept apart. Calls are counted by way, whether in the function or not, so that it has to
    reach back to the function wherever the program does the same elsewhere.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Valgrind 3.19 can't read the debugging information of this compiler.
        bare = pathlib.Path(folder) / pathlib.Path(program).name
        subprocess.run(["strip", "-g", "-o", bare, program], check=True)
        output = pathlib.Path(folder) / "profile"
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no", f"--toggle-collect={function}", "--dump-instr=yes",
             "--compress-strings=no", "--compress-pos=no", f"--separate-callers={depth}",
             f"--callgrind-out-file={output}", bare, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"error: {' '.join(map(str, [program, *arguments]))} failed:\n{done.stdout}{done.stderr}")
        return parse(output), done.stdout


def locate(program, addresses):
    """Source lines of addresses in a program, with what was inlined there, innermost first."""
    symbolizer = shutil.which("llvm-symbolizer")
    if symbolizer is None or not addresses:
        return {}
    done = subprocess.run(
        [symbolizer, "--functions=none", "--basenames", "--inlines", f"--obj={program}"], text=True, check=True,
        input="\n".join(addresses) + "\n", stdout=subprocess.PIPE)
    blocks = done.stdout.strip("\n").split("\n\n")
    return {
        address: [place.rsplit(":", 1)[0] for place in block.splitlines() if not place.startswith("?")]
        for address, block in zip(addresses, blocks)
    }
