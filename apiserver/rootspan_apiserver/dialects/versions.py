"""The emulated versions: the values of `--emulated-version`, and the dialect of each."""

from collections.abc import Mapping
from types import MappingProxyType

from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.v1_22 import V1_22
from rootspan_apiserver.dialects.v1_36 import V1_36

DIALECTS: Mapping[str, Dialect] = MappingProxyType({dialect.version: dialect for dialect in (V1_22, V1_36)})
DEFAULT = V1_36
