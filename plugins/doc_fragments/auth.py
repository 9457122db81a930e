# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the sign-in and client options; the specs are in module_utils/_auth/options.py and a test holds
both together. ``auth.plugins`` adds, in addition to ``auth``, the variables in the form that plugins declare them.
"""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
notes:
  - U(https://github.com/azureml-compute/azureml.compute/blob/main/docs/permissions.md) lists the permissions that each module needs.
options:
  auth_source:
    description:
      - Source of the credential. Options, environment variables and order are those of azure.azcollection.
      - With V(auto), the first of these that has a credential is used. The task's options, if O(profile),
        O(client_id) or O(ad_user) is given. The environment. The profile C(default) of the credential file. The login
        of the Azure CLI.
      - With V(env), the environment variables; if E(AZURE_PROFILE) is set, that profile of the credential file.
      - With V(credential_file), the profile O(profile) of C(~/.azure/credentials).
      - With V(cli), the login of the Azure CLI (C(az login)) on the host that runs the task.
      - With V(msi), the managed identity of the host that runs the task, user-assigned if O(client_id) is given.
      - All parts of a credential must come from one source; O(subscription_id) may come from another.
      - A credential that is set only in part (an empty value counts as not set) is refused with C(CredentialIncomplete). With V(auto), the
        credential file and the Azure CLI are used only when no part of an identity is set. A subscription or a cloud is not part of an identity.
      - An option of the task that the chosen source does not use is refused with C(CredentialUnused), unless it has the same value as the one used.
        Environment variables that are not used cause a warning.
      - If not set, the environment variable E(ANSIBLE_AZURE_AUTH_SOURCE) is used, else V(auto).
    type: str
    choices: [auto, env, credential_file, cli, msi]
  profile:
    description:
      - A section of the credential file C(~/.azure/credentials), an INI file with C(subscription_id), C(client_id),
        C(secret), C(tenant) and the other options of this list as keys.
      - A file that every user of the machine can read or write is refused with C(CredentialFileReadable). Run C(chmod 600) on it.
      - If not set, the environment variable E(AZURE_PROFILE) is used with O(auth_source=auto), O(auth_source=env) and
        O(auth_source=credential_file).
    type: str
  subscription_id:
    description:
      - The Azure subscription.
      - If not set, the profile's or the Azure CLI's subscription, or the environment variable
        E(AZURE_SUBSCRIPTION_ID) is used.
    type: str
  tenant:
    description:
      - The Microsoft Entra tenant, as id or domain name. It belongs to the credential, so it cannot replace the tenant of a credential from the
        environment or a profile. With O(auth_source=cli), tokens are requested for this tenant.
      - Environment variables E(AZURE_TENANT), E(AZURE_TENANT_ID).
    type: str
  client_id:
    description:
      - The client id of the service principal or of the user-assigned managed identity.
      - Environment variable E(AZURE_CLIENT_ID).
    type: str
  secret:
    description:
      - The client secret of the service principal. Needs O(client_id) and O(tenant).
      - Environment variables E(AZURE_SECRET), E(AZURE_CLIENT_SECRET).
    type: str
  x509_certificate_path:
    description:
      - Path to a PEM or PKCS12 file with the certificate of the service principal and its private key. Needs
        O(client_id) and O(tenant).
      - Environment variables E(AZURE_X509_CERTIFICATE_PATH), E(AZURE_CLIENT_CERTIFICATE_PATH).
      - A file that every user of the machine can read or write is refused with C(CredentialFileReadable). Run C(chmod 600) on it; for a
        Kubernetes secret, set C(defaultMode).
      - The password of an encrypted file is only taken from E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
    type: path
  thumbprint:
    description:
      - The thumbprint of the certificate. Accepted for playbooks that were written for azure.azcollection, but not
        needed, because it is computed from the certificate.
      - Environment variable E(AZURE_THUMBPRINT).
    type: str
  oidc_token:
    description:
      - A token of an identity provider that the service principal trusts (workload identity federation). Needs
        O(client_id) and O(tenant).
      - Environment variable E(AZURE_FEDERATED_TOKEN).
    type: str
  oidc_token_file_path:
    description:
      - Path to a file with such a token. It is read again for each sign-in. Needs O(client_id) and O(tenant).
      - Environment variable E(AZURE_FEDERATED_TOKEN_FILE).
    type: path
  ad_user:
    description:
      - A user name, for sign-in with O(password). It does not work for accounts with multi-factor authentication.
      - Environment variables E(AZURE_AD_USER), E(AZURE_USERNAME).
    type: str
  password:
    description:
      - The password of O(ad_user).
      - Environment variable E(AZURE_PASSWORD).
    type: str
  cloud_environment:
    description:
      - The Azure cloud, V(AzureCloud), V(AzureUSGovernment) or V(AzureChinaCloud), or the HTTPS address of the
        cloud's metadata endpoint or Resource Manager.
      - If not set, the profile's value, the environment variables E(AZURE_CLOUD_ENVIRONMENT),
        E(ARM_CLOUD_METADATA_URL), or the cloud of the Azure CLI's login is used, else V(AzureCloud).
    type: str
  cert_validation_mode:
    description:
      - With V(ignore), server certificates are not verified, and the task warns. To trust a private
        authority, set E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE) instead.
      - If not set, the profile's value or the environment variable E(AZURE_CERT_VALIDATION_MODE) is used, else
        V(validate).
    type: str
    choices: [validate, ignore]
  adfs_authority_url:
    description:
      - The address of the sign-in authority, if it is not the cloud's own. An address that ends in C(/adfs) is an AD
        FS.
      - If not set, the profile's value or the environment variable E(AZURE_ADFS_AUTHORITY_URL) is used.
        E(AZURE_AUTHORITY_HOST) is used when no cloud is set.
    type: str
  disable_instance_discovery:
    description:
      - Whether to skip the request to Microsoft that validates the sign-in authority.
      - If not set, the profile's value or the environment variable E(AZURE_DISABLE_INSTANCE_DISCOVERY) is used. Only
        an explicit V(false) enables the request.
    type: bool
  retries:
    description:
      - How often a request is retried after a transient failure (throttling, server errors, lost connections).
    type: int
    default: 10
  retry_timeout:
    description:
      - Maximum number of seconds for all retries of one request. C(Retry-After) of the service is honoured within
        this time.
      - While the task waits for a long-running operation, C(wait_timeout) is the limit instead.
      - The same time limits one request with its complete response (C(AnswerTooSlow)), but at least 15 and at most 120 seconds. A list with all its
        pages may take 3 times as long, at least 45 seconds, and at most 1000 pages (C(EndlessList)). A response has at most 64 MiB (C(AnswerTooLarge)).
      - A value below 15 limits only the retries. A request for sign-in or for the cloud's metadata is limited to 60 seconds, independent of this option.
    type: int
    default: 120
requirements:
  - azure-core >= 1.31.0
  - azure-identity >= 1.19.0
"""

    PLUGINS = r"""
options:
  auth_source:
    env:
      - name: ANSIBLE_AZURE_AUTH_SOURCE
  profile:
    env:
      - name: AZURE_PROFILE
  subscription_id:
    env:
      - name: AZURE_SUBSCRIPTION_ID
  tenant:
    env:
      - name: AZURE_TENANT
      - name: AZURE_TENANT_ID
  client_id:
    env:
      - name: AZURE_CLIENT_ID
  secret:
    env:
      - name: AZURE_SECRET
      - name: AZURE_CLIENT_SECRET
  x509_certificate_path:
    env:
      - name: AZURE_X509_CERTIFICATE_PATH
      - name: AZURE_CLIENT_CERTIFICATE_PATH
  thumbprint:
    env:
      - name: AZURE_THUMBPRINT
  oidc_token:
    env:
      - name: AZURE_FEDERATED_TOKEN
  oidc_token_file_path:
    env:
      - name: AZURE_FEDERATED_TOKEN_FILE
  ad_user:
    env:
      - name: AZURE_AD_USER
      - name: AZURE_USERNAME
  password:
    env:
      - name: AZURE_PASSWORD
  cloud_environment:
    env:
      - name: AZURE_CLOUD_ENVIRONMENT
      - name: ARM_CLOUD_METADATA_URL
  cert_validation_mode:
    env:
      - name: AZURE_CERT_VALIDATION_MODE
  adfs_authority_url:
    env:
      - name: AZURE_ADFS_AUTHORITY_URL
  disable_instance_discovery:
    env:
      - name: AZURE_DISABLE_INSTANCE_DISCOVERY
"""
