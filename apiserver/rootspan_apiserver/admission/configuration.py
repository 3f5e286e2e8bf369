"""The file of `--admission-control-config-file`: what each admission plugin is configured with.

A plugin's configuration is part of the file, or a file of its own whose path is relative to it. A plugin that is not in
`PLUGIN_CONFIGURATIONS` takes none: naming it is an error, where kube-apiserver ignores it.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/config.go, plugins.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import strerror
from pathlib import Path
from typing import Any, Self

from rootspan import ConfigurationError
from rootspan_apiserver.admission.configuration_kinds import ADMISSION_CONFIGURATION, PLUGIN_CONFIGURATIONS
from rootspan_apiserver.codec.configuration_file import load
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.problems import NotDecodableError


def plugin_error(plugin: str, reason: object) -> ConfigurationError:
    """Return the error of a plugin that cannot be constructed from its configuration."""
    return ConfigurationError(f"couldn't init admission plugin {quote(plugin)}: {reason}")


@dataclass(frozen=True, slots=True)
class AdmissionConfiguration:
    """The configuration of plugins, by their names: documents as their Go types read them."""

    plugins: Mapping[str, JSONObject] = field(default_factory=dict)

    def of(self, plugin: str) -> JSONObject:
        """Return the configuration of a plugin, empty if there is none."""
        return self.plugins.get(plugin, {})

    @classmethod
    def read(cls, path: str) -> Self:
        """Read the file and those that it names.

        Raises:
            ConfigurationError: a file cannot be read or decoded, or a plugin takes no configuration.
        """
        try:
            document = ADMISSION_CONFIGURATION.read(*load(_bytes(Path(path))))
        except OSError as error:
            why = f"unable to read admission control configuration from {quote(path)} [{_reason(error)}]"
            raise ConfigurationError(f"failed to read plugin config: {why}") from error
        except NotDecodableError as error:
            raise ConfigurationError(f"failed to read plugin config: {error}") from error
        found: dict[str, JSONObject] = {}
        for plugin in document.get("plugins") or ():
            name = plugin["name"]
            if name not in PLUGIN_CONFIGURATIONS:
                choices = ", ".join(PLUGIN_CONFIGURATIONS)
                raise ConfigurationError(
                    f"failed to read plugin config: plugin {quote(name)} takes no configuration; these do: {choices}"
                )
            if name not in found:
                found[name] = _configuration(plugin, Path(path).parent)
        return cls(found)


def _configuration(plugin: JSONObject, base: Path) -> JSONObject:
    """Return the configuration of one plugin. Raises ConfigurationError."""
    name, path = plugin["name"], plugin["path"]
    value: Any
    try:
        if (value := plugin.get("configuration")) is not None:
            return PLUGIN_CONFIGURATIONS[name].read(value, [])
        return PLUGIN_CONFIGURATIONS[name].read(*load(_bytes(base / path))) if path else {}
    except OSError as error:
        raise plugin_error(name, _reason(error)) from error
    except NotDecodableError as error:
        raise plugin_error(name, error) from error


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _reason(error: OSError) -> str:
    operation = "read" if isinstance(error, IsADirectoryError) else "open"
    return f"{operation} {error.filename}: {strerror(error.errno or 0).lower()}"
