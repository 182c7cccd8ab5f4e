"""Checks and times the GPU engine on this machine's GPU, against the CPU engine and PyTorch, and writes a JSON file.

    python3 bench/gpu/run.py [--out FILE] [--attacks 900] [--minutes 5] [--device cuda]

It runs in a folder that `bench/gpu/pack.sh` makes, and needs a Vulkan driver, and PyTorch for the comparison. Every part runs
in a process of its own. If one fails or takes too long, `errors` says so, and the others go on.
"""

import argparse
import ctypes
import json
import lzma
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ["mnist", "cifar10"]
# The kernels as SPIR-V that CubeCL writes, as `--device vulkan` uses them, and as WGSL, as the page uses them.
KERNELS = ["vulkan", "wgsl"]
# How many attacks run at the same time on the GPU.
BATCHES = [900, 300, 100]
# How often the attacks are timed, after one run that is not counted.
REPEATS = 5
CPU_REPEATS = 3
# Attacks that end in another way are listed, but not more than these.
MOST_LISTED = 20
INSTALL = (
    "No Vulkan device was found. Install the Vulkan loader and the GPU's driver: on Debian or Ubuntu the package libvulkan1, "
    "with mesa-vulkan-drivers for AMD, Intel and software rendering, or NVIDIA's own driver. In a container that has NVIDIA's "
    "driver, set VK_DRIVER_FILES to its nvidia_icd.json."
)


class Driver(ctypes.Structure):
    """VkPhysicalDeviceDriverProperties."""

    _fields_ = [
        ("type", ctypes.c_uint32), ("next", ctypes.c_void_p), ("id", ctypes.c_uint32),
        ("name", ctypes.c_char * 256), ("info", ctypes.c_char * 256), ("conformance", ctypes.c_uint8 * 4),
    ]


class Properties(ctypes.Structure):
    """VkPhysicalDeviceProperties2 with the first fields of VkPhysicalDeviceProperties, and room for its others."""

    _fields_ = [
        ("type", ctypes.c_uint32), ("next", ctypes.c_void_p),
        ("api", ctypes.c_uint32), ("driver", ctypes.c_uint32), ("vendor", ctypes.c_uint32), ("device", ctypes.c_uint32),
        ("kind", ctypes.c_uint32), ("name", ctypes.c_char * 256), ("others", ctypes.c_uint8 * 2048),
    ]


class Application(ctypes.Structure):
    """VkApplicationInfo."""

    _fields_ = [
        ("type", ctypes.c_uint32), ("next", ctypes.c_void_p), ("name", ctypes.c_char_p), ("version", ctypes.c_uint32),
        ("engine", ctypes.c_char_p), ("engine_version", ctypes.c_uint32), ("api", ctypes.c_uint32),
    ]


class Instance(ctypes.Structure):
    """VkInstanceCreateInfo."""

    _fields_ = [
        ("type", ctypes.c_uint32), ("next", ctypes.c_void_p), ("flags", ctypes.c_uint32), ("application", ctypes.POINTER(Application)),
        ("layers", ctypes.c_uint32), ("layer_names", ctypes.c_void_p), ("extensions", ctypes.c_uint32), ("extension_names", ctypes.c_void_p),
    ]


def vulkan_devices():
    """The devices that Vulkan offers, with their drivers."""
    vulkan = ctypes.CDLL("libvulkan.so.1")
    application = Application(type=0, api=1 << 22 | 1 << 12)
    info = Instance(type=1, application=ctypes.pointer(application))
    instance = ctypes.c_void_p()
    if (status := vulkan.vkCreateInstance(ctypes.byref(info), None, ctypes.byref(instance))) != 0:
        raise OSError(f"vkCreateInstance returns {status}")
    count = ctypes.c_uint32()
    vulkan.vkEnumeratePhysicalDevices(instance, ctypes.byref(count), None)
    handles = (ctypes.c_void_p * count.value)()
    vulkan.vkEnumeratePhysicalDevices(instance, ctypes.byref(count), handles)
    devices = []
    for handle in handles:
        driver = Driver(type=1000196000)
        properties = Properties(type=1000059001, next=ctypes.addressof(driver))
        vulkan.vkGetPhysicalDeviceProperties2(ctypes.c_void_p(handle), ctypes.byref(properties))
        api = properties.api
        devices.append({
            "name": properties.name.decode(),
            "kind": ["other", "integrated", "discrete", "virtual", "cpu"][properties.kind],
            "api": f"{api >> 22 & 127}.{api >> 12 & 1023}.{api & 4095}",
            "driver": driver.name.decode(),
            "driver_info": driver.info.decode(),
        })
    vulkan.vkDestroyInstance(instance, None)
    return devices


def cpu_name():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


class Bench:
    def __init__(self, options):
        self.options = options
        self.ends_at = time.monotonic() + 60 * options.minutes
        self.errors = []

    def fail(self, part, error):
        print(f"{part}: {error}", file=sys.stderr, flush=True)
        self.errors.append({"part": part, "error": error})

    def lines(self, part, command):
        """Runs a command, and returns what it printed: one JSON object a line. Failures are noted.

        It gets a third of the time that is left, so that no part keeps the others from running.
        """
        left = (self.ends_at - time.monotonic()) / 3
        if left < 1:
            self.fail(part, "not run, since the time was used up")
            return []
        started = time.monotonic()
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=left, env=os.environ | {"RUST_BACKTRACE": "0"})
            code, out, err = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as expired:
            code, out, err = None, *((text or b"").decode(errors="replace") for text in (expired.stdout, expired.stderr))
        except OSError as error:
            self.fail(part, str(error))
            return []
        print(f"{part}: {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
        if code != 0:
            ending = f"stopped after {left:.0f} s" if code is None else f"signal {-code}" if code < 0 else f"exit status {code}"
            self.fail(part, f"{ending}: {err.strip()[-1500:]}")
        found = []
        for line in out.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass  # The last line of a process that was stopped, or a message of a library.
        return found

    def distill(self, kernels, part, *arguments):
        """Runs the binary with these kernels."""
        binary = ROOT / f"distill-{kernels}"
        try:
            if not binary.exists():
                binary.write_bytes(lzma.decompress(binary.with_suffix(".xz").read_bytes()))
                binary.chmod(0o755)
        except OSError as error:
            self.fail(part, f"{error}. bench/gpu/pack.sh makes a folder with the binary.")
            return []
        return self.lines(part, [str(binary), "bench", *arguments, "--json"])

    def layers(self, dataset, kernels):
        found = self.distill(kernels, f"{dataset}, layers, {kernels}", "layers", "--dataset", dataset, "--device", kernels)
        return {"by": kernels, **found[0]} if found else {"by": kernels, "batches": []}

    def attacks(self, dataset, kernels, device, batches, repeats):
        found = self.distill(
            kernels, f"{dataset}, attacks, {device}", "attacks", "--dataset", dataset, "--device", device,
            "--attacks", str(self.options.attacks), "--batches", batches, "--repeats", str(repeats),
        )
        return [{"by": device, **run} for run in found]

    def peers(self, dataset):
        count = str(self.options.attacks)
        command = [sys.executable, str(ROOT / "bench/gpu/peer.py"), dataset, count, str(REPEATS), self.options.device]
        found = self.lines(f"{dataset}, PyTorch", command)
        for variant in found:
            if "error" in variant:
                self.fail(f"{dataset}, {variant['by']}", variant["error"])
        return [variant for variant in found if "error" not in variant]

    def measure(self, dataset):
        batches = sorted({min(batch, self.options.attacks) for batch in BATCHES}, reverse=True)
        batches = ",".join(map(str, batches))
        layers = [self.layers(dataset, kernels) for kernels in KERNELS]
        runs = self.attacks(dataset, "vulkan", "cpu", "100", CPU_REPEATS)
        expected = runs[0]["records"] if runs else None
        runs += self.attacks(dataset, "vulkan", "vulkan", batches, REPEATS)
        runs += self.peers(dataset)
        runs += self.attacks(dataset, "wgsl", "wgsl", batches, REPEATS)
        return {"layers": layers, "attacks": [summary(run, expected) for run in runs]}


def plain(outcome):
    """PyTorch's attacks do not say whether a gradient is left where no pair is admissible."""
    return "no-pair" if outcome in ("no-admissible-pair", "gradient-vanished") else outcome


def summary(run, expected):
    """A run without its records: its times, and how many of its attacks end as on the CPU."""
    records, seconds = run.pop("records"), run.pop("seconds")
    run["seconds"] = {"median": statistics.median(seconds), "least": min(seconds), "most": max(seconds), "all": seconds}
    run["fooled"] = sum(record["outcome"] == "fooled" for record in records)
    run["changes"] = sum(record["changes"] for record in records)
    if expected is None or run["by"] == "cpu":
        return run
    if [record["target"] for record in records] != [record["target"] for record in expected]:
        return run | {"compared": "not compared, since the attacks are others"}
    pairs = list(zip(records, expected))

    def differ(key, of=lambda value: value):
        return [place for place, (found, other) in enumerate(pairs) if of(found[key]) != of(other[key])]

    outcome, changes, image = differ("outcome", plain), differ("changes"), differ("last_image")
    places = sorted({*outcome, *changes})
    return run | {
        "compared": {
            "attacks": len(pairs),
            "another_outcome": len(outcome),
            "another_number_of_changes": len(changes),
            "another_last_image": len(image),
            "listed": [
                {
                    "attack": place, "target": pairs[place][0]["target"],
                    **{key: [record[key] for record in pairs[place]] for key in ("outcome", "changes")},
                }
                for place in places[:MOST_LISTED]
            ],
        }
    }


def table(result):
    """The measurements as lines of text."""
    for dataset, found in result["datasets"].items():
        print(f"\n{dataset}")
        for layers in found["layers"]:
            for of in layers["batches"]:
                print(
                    f"  {layers['by']:<20} {of['batch']:>3} images: logits within {of['logits']['error']:.1e} of the CPU's, "
                    f"gradients within {of['rows']['error']:.1e} (median {of['rows']['median']:.1e})"
                )
        for run in found["attacks"]:
            seconds, compared = run["seconds"], run.get("compared")
            same = ""
            if isinstance(compared, dict):
                others = [compared[key] for key in ("another_outcome", "another_number_of_changes", "another_last_image")]
                same = "; differ from the CPU's: outcome {}, changes {}, last image {}".format(*others)
            print(
                f"  {run['by']:<20} batch {run['batch']:>3}: {run['attacks']} attacks in {seconds['median']:.3f} s "
                f"({seconds['least']:.3f} to {seconds['most']:.3f}), {run['fooled']} fooled{same}"
            )
    for error in result["errors"]:
        print(f"failed: {error['part']}: {' '.join(error['error'].split())[:300]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "results/bench-gpu.json", help="where to write the result")
    parser.add_argument("--attacks", type=int, default=900, help="how many attacks to make, 900 at most")
    parser.add_argument("--minutes", type=float, default=5, help="when to stop, with what was measured until then")
    parser.add_argument("--device", default="cuda", help="PyTorch's device")
    bench = Bench(parser.parse_args())
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": {"name": cpu_name(), "threads": os.cpu_count()},
        "vulkan": [],
        "python": platform.python_version(),
        "pytorch": None,
        "datasets": {},
        "errors": bench.errors,
    }
    try:
        result["vulkan"] = vulkan_devices()
    except (OSError, AttributeError) as error:
        bench.fail("Vulkan", str(error))
    if not result["vulkan"]:
        bench.fail("Vulkan", INSTALL)
    about = (
        "import json, torch; gpu = torch.cuda.is_available(); print(json.dumps({'version': torch.__version__, 'cuda': torch.version.cuda, "
        "'cudnn': torch.backends.cudnn.version(), 'gpu': torch.cuda.get_device_name() if gpu else None}))"
    )
    result["pytorch"] = next(iter(bench.lines("PyTorch", [sys.executable, "-c", about])), None)
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm", "--format=csv,noheader"]
    try:
        result["nvidia_smi"] = subprocess.run(query, capture_output=True, text=True, timeout=20).stdout.strip() or None
    except (OSError, subprocess.TimeoutExpired):
        result["nvidia_smi"] = None
    for dataset in DATASETS:
        result["datasets"][dataset] = bench.measure(dataset)
        # Written after each data set, so that nothing is lost if the machine is taken away.
        bench.options.out.parent.mkdir(parents=True, exist_ok=True)
        bench.options.out.write_text(json.dumps(result, indent=1) + "\n")
    table(result)


if __name__ == "__main__":
    main()
