"""Where a webhook may be said to be, in the configurations of admission and in the conversion of custom resources."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.definitions import a_definition
from tests.apiserver.resources.kinds import an_object, refusals

ADMISSION = "webhooks[0].clientConfig"
CONVERSION = "spec.conversion.webhookClientConfig"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an"
    " alphanumeric character (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
FORM = "; desired format: https://host[/path]"
PARSE = "Required value: url must be a valid URL: parse"


def configuration(kind: str, client: JSONObject) -> JSONObject:
    hook = {"name": "a.example.com", "clientConfig": client, "admissionReviewVersions": ["v1"], "sideEffects": "None"}
    return an_object("admissionregistration.k8s.io/v1", kind, namespace="", webhooks=[hook])


def conversion(client: JSONObject) -> JSONObject:
    definition = a_definition()
    webhook = {"clientConfig": client, "conversionReviewVersions": ["v1"]}
    definition["spec"]["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    return definition


def check(client: JSONObject, *expected: str) -> None:
    """All three kinds refuse `client` for the same reasons, each at its own field."""
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        assert refusals(configuration(kind, client)) == [f"{ADMISSION}{each}" for each in expected]
    assert refusals(conversion(client)) == [f"{CONVERSION}{each}" for each in expected]


def service(**fields: object) -> JSONObject:
    return {"service": {"name": "hooks", "namespace": "tools", **fields}}


@pytest.mark.parametrize(
    ("path", "reasons"),
    [
        ("/../../api", [f"segment[0]: {SUBDOMAIN}", f"segment[1]: {SUBDOMAIN}"]),
        ("/a/./b", [f"segment[1]: {SUBDOMAIN}"]),
        ("épath", ["must start with a '/'", f"segment[0]: {SUBDOMAIN}"]),
        ("/a?b=c", [f"segment[0]: {SUBDOMAIN}"]),
        ("/a#b", [f"segment[0]: {SUBDOMAIN}"]),
        ("/%2e%2e/", [f"segment[0]: {SUBDOMAIN}"]),
        ("/\r\nX: y", [f"segment[0]: {SUBDOMAIN}"]),
        ("/Upper/ok", [f"segment[0]: {SUBDOMAIN}"]),
        ("/a_b", [f"segment[0]: {SUBDOMAIN}"]),
        ("//", ["segment[0] may not be empty"]),
        ("//evil/", ["segment[0] may not be empty"]),
        ("/a//b/", ["segment[1] may not be empty"]),
        ("/a//", ["segment[1] may not be empty"]),
        ("rel/x", ["must start with a '/'"]),
        ("r/../x", ["must start with a '/'", "segment[0] may not be empty", f"segment[1]: {SUBDOMAIN}"]),
    ],
)
def test_services_path_leads_nowhere_else(path: str, reasons: list[str]) -> None:
    """Each segment is a subdomain, which no `..`, `?`, `#`, `%` or control character is."""
    shown = path.replace("\r", "\\r").replace("\n", "\\n")
    check(service(path=path), *(f'.service.path: Invalid value: "{shown}": {reason}' for reason in reasons))


@pytest.mark.parametrize("path", [None, "", "/", "/a", "/a/b.c-d/", "/1/2"])
def test_services_path_may_be_left_out_or_end_with_a_slash(path: str | None) -> None:
    """Nothing is wrong with these."""
    check(service(path=path) if path is not None else service())


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"name": ""}, [".service.namespace: Required value"]),
        ({"namespace": ""}, [".service.name: Required value"]),
        ({"name": "", "namespace": ""}, [".service.name: Required value", ".service.namespace: Required value"]),
        (
            {"port": 0},
            [".service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive"],
        ),
        (
            {"port": 65536, "path": "//"},
            [
                ".service.port: Invalid value: 65536: port is not valid: must be between 1 and 65535, inclusive",
                '.service.path: Invalid value: "//": segment[0] may not be empty',
            ],
        ),
    ],
)
def test_service_needs_a_name_and_a_namespace(fields: JSONObject, reasons: list[str]) -> None:
    """kube-apiserver misses each under the name of the other, and so do we."""
    check(service(**fields), *reasons)


@pytest.mark.parametrize(
    ("url", "reasons"),
    [
        ("https://a b/", [f'{PARSE} "https://a b/": invalid character " " in host name{FORM}']),
        ("https://h\n/", [rf'{PARSE} "https://h\n/": net/url: invalid control character in URL{FORM}']),
        ("https://h:x/", [f'{PARSE} "https://h:x/": invalid port ":x" after host{FORM}']),
        ("https://h/%zz", [f'{PARSE} "https://h/%zz": invalid URL escape "%zz"{FORM}']),
        ("http://h/", [f"Invalid value: \"http\": 'https' is the only allowed URL scheme{FORM}"]),
        ("https:///x", [f'Invalid value: "": host must be specified{FORM}']),
        (
            "",
            [
                f"Invalid value: \"\": 'https' is the only allowed URL scheme{FORM}",
                f'Invalid value: "": host must be specified{FORM}',
            ],
        ),
        ("https://me:secret@h/", ['Invalid value: "me:secret": user information is not permitted in the URL']),
        ("https://h/#frag", ['Invalid value: "frag": fragments are not permitted in the URL']),
        ("https://h/x?a=b&c", ['Invalid value: "a=b&c": query parameters are not permitted in the URL']),
        (
            "ftp://@/?q#f",
            [
                f"Invalid value: \"ftp\": 'https' is the only allowed URL scheme{FORM}",
                f'Invalid value: "": host must be specified{FORM}',
                'Invalid value: "": user information is not permitted in the URL',
                'Invalid value: "f": fragments are not permitted in the URL',
                'Invalid value: "q": query parameters are not permitted in the URL',
            ],
        ),
    ],
)
def test_url_is_judged_as_go_reads_it(url: str, reasons: list[str]) -> None:
    """What Go cannot parse is refused in Go's words; of the rest, all that is wrong is told."""
    check({"url": url}, *(f".url: {reason}" for reason in reasons))


@pytest.mark.parametrize(
    "url", ["https://h", "https://h:8443//x", "https://127.0.0.1:9443/a/../b?", "https://[::1]/é x"]
)
def test_url_may_have_any_path(url: str) -> None:
    """It is cleaned when it is called."""
    check({"url": url})


@pytest.mark.parametrize("client", [{}, {"url": "https://h"} | service()])
def test_client_is_either_a_url_or_a_service(client: JSONObject) -> None:
    """Neither and both are wrong."""
    check(client, ": Required value: exactly one of url or service is required")


def test_conversion_has_a_client_if_it_is_a_webhooks() -> None:
    """And only then."""
    definition = conversion(service())
    definition["spec"]["conversion"]["strategy"] = "None"
    detail = "Forbidden: should not be set when strategy is not set to Webhook"
    assert refusals(definition) == [f"{CONVERSION}: {detail}", f"spec.conversion.conversionReviewVersions: {detail}"]
    definition["spec"]["conversion"] = {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"]}}
    assert refusals(definition) == [f"{CONVERSION}: Required value: required when strategy is set to Webhook"]
