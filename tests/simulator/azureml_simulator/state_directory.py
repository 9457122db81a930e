# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state directory: keys, certificates, secret, port, database and log, and what a client needs of it."""

from __future__ import annotations

import datetime
import fcntl
import ipaddress
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from azureml_simulator.arm.metadata import CLOUD_NAME
from azureml_simulator.entra.directory import CLIENT, DEFAULT_SUBSCRIPTION, TENANT

_LIFE = datetime.timedelta(days=3650)
_SERVER_LIFE = datetime.timedelta(days=397)


def default_directory() -> Path:
    """$AML_SIMULATOR_HOME, or `.simulator` in the current directory."""
    return Path(os.environ.get("AML_SIMULATOR_HOME") or ".simulator").resolve()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class StateDirectory:
    """Files by name; everything secret is readable by its owner only."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "state.sqlite"

    @property
    def request_log(self) -> Path:
        return self.path / "requests.jsonl"

    @property
    def server_log(self) -> Path:
        return self.path / "serve.log"

    @property
    def bundle(self) -> Path:
        return self.path / "ca-bundle.pem"

    @property
    def azure_cli(self) -> Path:
        """The configuration directory of the Azure CLI for this cloud, apart from the user's own."""
        return self.path / "azure-cli"

    @property
    def ca(self) -> Path:
        return self.path / "ca.pem"

    @property
    def server_certificate(self) -> Path:
        return self.path / "server.pem"

    @property
    def server_key(self) -> Path:
        return self.path / "server-key.pem"

    @property
    def nodes(self) -> Path:
        return self.path / "nodes"

    @property
    def pid_file(self) -> Path:
        return self.path / "serve.pid"

    @property
    def port_file(self) -> Path:
        return self.path / "port"

    # -- made once -----------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the files that are missing; keep those that exist."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.path / ".gitignore").exists():
            (self.path / ".gitignore").write_text("# Secrets of a simulator of Azure.\n*\n")
        if not self.ca.exists():
            self._make_authority()
        if not self.server_certificate.exists() or self._server_certificate_ends():
            self._make_server_certificate()
        if not (self.path / "client-secret").exists():
            # Commands take a value that begins with "-" for an option.
            self._write_private("client-secret", secrets.token_hex(32).encode())
        if not (self.path / "control-token").exists():
            self._write_private("control-token", secrets.token_urlsafe(32).encode())
        if not (self.path / "token-key.pem").exists():
            self._write_private("token-key.pem", _pem(rsa.generate_private_key(65537, 2048)))
        self._make_bundle()

    def secret(self) -> str:
        return (self.path / "client-secret").read_text()

    def control_token(self) -> str:
        """What the control API asks for; only the owner of the directory can read it."""
        return (self.path / "control-token").read_text()

    def token_key(self) -> rsa.RSAPrivateKey:
        return self._load_key("token-key.pem")

    def _load_key(self, name: str) -> rsa.RSAPrivateKey:
        key = serialization.load_pem_private_key((self.path / name).read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    def _write_private(self, name: str, data: bytes) -> None:
        target, fresh = self.path / name, self.path / f"{name}.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        fresh.replace(target)

    def _make_authority(self) -> None:
        key, name = rsa.generate_private_key(65537, 2048), _name("azureml.compute simulator CA")
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(name, name, key.public_key(), _LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        self._write_private("ca-key.pem", _pem(key))
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _server_certificate_ends(self) -> bool:
        certificate = x509.load_pem_x509_certificate(self.server_certificate.read_bytes())
        left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
        return left < datetime.timedelta(days=30)

    def _make_server_certificate(self) -> None:
        authority, authority_key = x509.load_pem_x509_certificate(self.ca.read_bytes()), self._load_key("ca-key.pem")
        key = rsa.generate_private_key(65537, 2048)
        names = x509.SubjectAlternativeName(
            [
                x509.DNSName("localhost"),
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            ]
        )
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        certificate = (
            _builder(_name("localhost"), authority.subject, key.public_key(), _SERVER_LIFE)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(identifier, critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        self._write_private("server-key.pem", _pem(key))
        self.server_certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _make_bundle(self) -> None:
        """Public roots, those that the caller already trusts, and the simulator's own.

        A caller who has evaluated our exports trusts this very bundle: it stays as it is.
        """
        if self.bundle.exists() and os.environ.get("SSL_CERT_FILE") == str(self.bundle):
            return
        sources = [Path(certifi.where()), self.ca]
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            given = Path(os.environ.get(name) or "")
            known = {self.bundle.resolve(), *(entry.resolve() for entry in sources)}
            if given.is_file() and given.resolve() not in known:
                sources.insert(1, given)
        text = "\n".join(source.read_text().strip() for source in sources) + "\n"
        if not self.bundle.exists() or self.bundle.read_text() != text:
            fresh = self.path / "ca-bundle.pem.new"
            fresh.write_text(text)
            fresh.replace(self.bundle)

    def open_server_log(self) -> IO[bytes]:
        """An empty log, readable by its owner only, whatever the caller's umask is."""
        return os.fdopen(os.open(self.server_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    # -- port and environment ------------------------------------------------------------------------------------

    def choose_port(self) -> int:
        """The remembered port if it is free, else a free one, remembered from now on."""
        if self.port_file.exists():
            remembered = int(self.port_file.read_text())
            if _is_free(remembered):
                return remembered
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self.port_file.write_text(str(port))
        # The Azure CLI, which azure.azcollection uses, caches the addresses of a cloud.
        (self.azure_cli / "cloudEndpoints.json").unlink(missing_ok=True)
        return port

    def url(self) -> str:
        return f"https://127.0.0.1:{self.port_file.read_text()}"

    def environment(self) -> dict[str, str]:
        """What a client needs, under the names that Azure's clients read."""
        url, secret = self.url(), self.secret()
        metadata = f"{url}/metadata/endpoints?api-version=2019-05-01"
        return {
            "AZURE_SUBSCRIPTION_ID": DEFAULT_SUBSCRIPTION,
            "AZURE_TENANT": TENANT,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_SECRET": secret,
            "AZURE_CLIENT_SECRET": secret,
            # Bare, since azure.azcollection compares it with the cloud's Resource Manager; the path below it is known.
            "AZURE_CLOUD_ENVIRONMENT": url,
            "ARM_CLOUD_METADATA_URL": metadata,
            "AZURE_CONFIG_DIR": str(self.azure_cli),
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZUREML_CURRENT_CLOUD": CLOUD_NAME,
            "AZURE_AUTHORITY_HOST": url,
            "AZURE_DISABLE_INSTANCE_DISCOVERY": "true",
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "SSL_CERT_FILE": str(self.bundle),
            "AML_SIMULATOR_URL": url,
            "AML_SIMULATOR_MSI_URL": url,
            "AML_SIMULATOR_LOG": str(self.request_log),
            "AML_SIMULATOR_CONTROL_TOKEN": self.control_token(),
        }

    # -- one server per directory --------------------------------------------------------------------------------

    def lock(self, name: str) -> IO[str] | None:
        """An exclusive lock that lasts as long as the file is open; None when another process holds it."""
        file = (self.path / name).open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def is_served(self) -> bool:
        """Whether a server runs: it holds a lock as long as it lives."""
        if not self.path.is_dir():
            return False
        held = self.lock("serve.lock")
        if held is not None:
            held.close()
        return held is None

    def running_pid(self) -> int | None:
        """The id of the server's process; None if none runs, or if it runs in a thread of another program."""
        if not self.is_served():
            return None
        try:
            return int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, life: datetime.timedelta
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + life)
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
