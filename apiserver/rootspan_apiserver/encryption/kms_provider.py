"""A KMS plugin of version 2 as a provider: its state, its health, and the values encrypted with its keys.

The plugin is asked for its status once a minute, and every ten seconds while that fails. When it names another key, a new seed is
encrypted. Reads go on whatever its status; writes go on for three minutes after the last good one.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go (kmsv2PluginProbe),
staging/src/k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2/envelope.go
"""

import asyncio
import contextlib
import logging
import os
import time
from contextvars import Context
from dataclasses import dataclass
from uuid import uuid4

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.encryption.envelope import (
    SEED,
    SEEDED,
    EncryptedObject,
    SeededTransformer,
    fault_of_key_id,
    hashed,
)
from rootspan_apiserver.encryption.kms_service import KMSService, StatusResponse
from rootspan_apiserver.encryption.transformers import AESGCMTransformer
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.storage.value_transformers import Transformer, TransformError
from rootspan_apiserver.telemetry.tracing import Tracing

_log = logging.getLogger(__name__)
_HEALTHY_SECONDS, _FAILING_SECONDS, _WRITE_SECONDS = 60.0, 10.0, 180.0
_GOOD_FOR, _BAD_FOR = 20.0, 3.0
"""The seconds for which the outcome of a health check is kept."""
_VERSIONS = ("v2", "v2beta1")
_CACHE_LIMIT = 1000
"""The encrypted keys whose keys are kept."""


@dataclass(frozen=True, slots=True)
class _State:
    """With what is written, until when (monotonic seconds)."""

    transformer: Transformer
    template: EncryptedObject
    expires: float


class KMSProvider:
    """The transformer of one plugin.

    Args:
        name: The name of the provider in the configuration.
    """

    def __init__(self, name: str, service: KMSService, tracing: Tracing) -> None:
        self._name = name
        self._service = service
        self._tracing = tracing
        self._state: _State | None = None
        self._version = ""
        self._keys: dict[object, Transformer] = {}
        self._checking = asyncio.Lock()
        self._checked, self._error, self._good_for = 0.0, "", 0.0
        self._polling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Ask for the status, and go on asking."""
        with contextlib.suppress(TransformError):
            await self.check()
        self._polling = asyncio.create_task(self._poll(), context=Context(), name=f"kms-{self._name}")

    async def aclose(self) -> None:
        """Ask no more, and close the connection."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        await self._service.aclose()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(_FAILING_SECONDS if self._error else _HEALTHY_SECONDS)
            with contextlib.suppress(TransformError):
                await self.check(fresh=True)

    async def check(self, *, fresh: bool = False) -> None:
        """Raises TransformError where the plugin is not healthy. The outcome is kept for a few seconds, unless `fresh`."""
        async with self._checking:
            if fresh or not self._checked or time.monotonic() - self._checked >= self._good_for:
                self._error = await self._fault()
                self._checked, self._good_for = time.monotonic(), _BAD_FOR if self._error else _GOOD_FOR
                if self._error:
                    _log.error("kms plugin failed health check probe: %s", self._error)
        if self._error:
            raise TransformError(self._error)

    async def _fault(self) -> str:
        """Ask for the status, and take another key into use if it names one. Return what is wrong, "" if nothing is."""
        try:
            status = await self._service.status()
        except TransformError as error:
            words = "failed to perform status section of the healthz check for KMS Provider"
            return f"{words} {self._name}, error: {error}"
        faults = [*self._faults_of(status)]
        if why := fault_of_key_id(status.key_id):
            faults.append(f"got invalid KMSv2 KeyID hash {hashed(status.key_id)!r}: {why}")
        else:
            try:
                await self._rotate(status.key_id)
            except TransformError as error:
                faults.append(str(error))
        return f"kmsv2 Provider {self._name} is not healthy, error: {listed(faults)}" if faults else ""

    def _faults_of(self, status: StatusResponse) -> list[str]:
        faults = []
        if status.healthz != "ok":
            faults.append(f"got unexpected healthz status: {status.healthz}")
        if status.version not in _VERSIONS:
            faults.append(f"expected KMSv2 API version v2, got {status.version}")
        else:
            self._version = self._version or status.version
            if self._version != status.version:
                words = "KMSv2 API version should not change after the initial status response version"
                faults.append(f"{words} {self._version}, got {status.version}")
        return faults

    async def _rotate(self, key_id: str) -> None:
        """Write with the key that the plugin names, from now on for three minutes. Raises TransformError."""
        expires, state = time.monotonic() + _WRITE_SECONDS, self._state
        if state is not None and state.template.key_id == key_id:
            self._state = _State(state.transformer, state.template, expires)
            return
        seed, uid = os.urandom(SEED), str(uuid4())
        try:
            answer = await self._service.encrypt(uid, seed)
        except TransformError as error:
            raise TransformError(f'failed to rotate DEK uid="{uid}": failed to encrypt DEK, error: {error}') from error
        made = EncryptedObject(
            data=b"\0",
            key_id=answer.key_id,
            source=answer.ciphertext,
            annotations=answer.annotations,
            source_type=SEEDED,
        )
        made.check()
        if made.key_id != key_id:
            words = f'statusKeyIDHash="{hashed(key_id)}", encryptKeyIDHash="{hashed(made.key_id)}"'
            raise TransformError(f'failed to rotate DEK uid="{uid}", {words}')
        self._state = _State(SeededTransformer(seed), made, expires)
        self._keep(made, self._state.transformer)

    async def to_storage(self, data: bytes, context: bytes) -> bytes:
        """See `Transformer`."""
        with self._tracing.span(operations.TRANSFORM_TO_STORAGE, lambda: facts(provider=self._name)) as step:
            state = self._current()
            if time.monotonic() > state.expires:
                words = f'encryptedDEKSource with keyID hash "{hashed(state.template.key_id)}" expired'
                raise TransformError(words)
            step.event(events.ENCRYPTING)
            encrypted = await state.transformer.to_storage(data, context)
            step.event(events.ENCRYPTED)
            step.event(events.ENCODING_ENCRYPTED)
            template = state.template
            value = EncryptedObject(
                data=encrypted,
                key_id=template.key_id,
                source=template.source,
                annotations=template.annotations,
                source_type=template.source_type,
            ).encode()
            step.event(events.ENCODED_ENCRYPTED)
            return value

    async def from_storage(self, data: bytes, context: bytes) -> tuple[bytes, bool]:
        """See `Transformer`. A value is stale if the plugin names another key by now."""
        with self._tracing.span(operations.TRANSFORM_FROM_STORAGE, lambda: facts(provider=self._name)) as step:
            step.event(events.DECODING_ENCRYPTED)
            try:
                found = EncryptedObject.decode(data)
            except TransformError:
                step.event(events.DECODING_ENCRYPTED_FAILED)
                raise
            step.event(events.DECODED_ENCRYPTED)
            state = self._current()
            transformer = self._keys.get(found.cache_key)
            if transformer is None:
                step.event(events.DECRYPTING_KEY)
                try:
                    key = await self._service.decrypt(str(uuid4()), found.source, found.key_id, found.annotations)
                except TransformError as error:
                    step.event(events.DECRYPTING_KEY_FAILED)
                    raise TransformError(f"failed to decrypt DEK, error: {error}") from error
                step.event(events.DECRYPTED_KEY)
                transformer = SeededTransformer(key) if found.source_type == SEEDED else AESGCMTransformer(key)
                self._keep(found, transformer)
            step.event(events.DECRYPTING)
            try:
                plain, stale = await transformer.from_storage(found.data, context)
            except TransformError:
                step.event(events.DECRYPTING_FAILED)
                raise
            step.event(events.DECRYPTED)
            same = (found.key_id, found.source_type) == (state.template.key_id, state.template.source_type)
            return plain, stale or not same

    def _current(self) -> _State:
        if self._state is None:
            raise TransformError("got unexpected nil transformer")
        return self._state

    def _keep(self, made: EncryptedObject, transformer: Transformer) -> None:
        while len(self._keys) >= _CACHE_LIMIT:
            del self._keys[next(iter(self._keys))]
        self._keys[made.cache_key] = transformer
