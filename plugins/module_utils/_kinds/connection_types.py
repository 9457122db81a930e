# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of connections and of their credentials, as the CLI and ARM spell them."""

from __future__ import annotations

import difflib
import re
import typing as t

from .._core.words import letters, snake_case


class Words:
    """The known words of an enum that is open: ``named`` are those that the CLI names otherwise. A word that is not known stays as it is."""

    def __init__(self, words: t.Iterable[str], named: t.Mapping[str, str]) -> None:
        self.names = {word: named.get(word) or snake_case(word) for word in words}
        self._words = {letters(spelling): word for word, name in self.names.items() for spelling in (word, name)}

    def to_arm(self, value: t.Any) -> t.Any:
        return self._words.get(letters(value), value) if isinstance(value, str) else value

    def from_arm(self, value: t.Any) -> t.Any:
        return self.names.get(self.to_arm(value), value) if isinstance(value, str) else value

    def canon(self, value: t.Any) -> t.Any:
        return letters(self.from_arm(value)) if isinstance(value, str) else value

    def problem(self, value: t.Any, option: str) -> str:
        """What is wrong with a word; "" for one that begins with a capital letter, which may be one of ARM that this collection does not know."""
        if letters(str(value)) in self._words or re.fullmatch(r"[A-Z][A-Za-z0-9]*", str(value)):
            return ""
        close = difflib.get_close_matches(str(value), self.names.values(), n=1)
        advice = f"Did you mean {close[0]!r}?" if close else f"Known are {', '.join(sorted(self.names.values()))}."
        return f"{option} {value!r} is not known, and is not a name of Azure Resource Manager, which begins with a capital letter. {advice}"


CATEGORIES = Words(
    (
        "ADLSGen2 AIServices AmazonMws AmazonRdsForOracle AmazonRdsForSqlServer AmazonRedshift AmazonS3Compatible ApiKey ApiManagement AppConfig AppInsights "
        "AzureBlob AzureContainerAppEnvironment AzureDataExplorer AzureDatabricksDeltaLake AzureKeyVault AzureMariaDb AzureMySqlDb AzureOneLake AzureOpenAI "
        "AzurePostgresDb AzureSqlDb AzureSqlMi AzureStorageAccount AzureSynapseAnalytics AzureTableStorage BingLLMSearch Cassandra CognitiveSearch "
        "CognitiveService Concur ContainerRegistry CosmosDb CosmosDbMongoDbApi Couchbase CustomKeys Databricks Db2 Drill Dynamics DynamicsAx DynamicsCrm "
        "Elasticsearch Eloqua FileServer FtpServer GenericContainerRegistry GenericHttp GenericRest Git GoogleAdWords GoogleBigQuery GoogleCloudStorage "
        "Greenplum GroundingWithBingSearch GroundingWithCustomSearch Hbase Hdfs Hive Hubspot Impala Informix Jira Magento ManagedOnlineEndpoint MariaDb "
        "Marketo MicrosoftAccess MicrosoftFabric ModelGateway MongoDbAtlas MongoDbV2 MySql Netezza ODataRest Odbc Office365 OpenAI Oracle "
        "OracleCloudStorage OracleServiceCloud PayPal Phoenix Pinecone PostgreSql PowerPlatformEnvironment Presto PythonFeed QuickBooks Redis RemoteA2A "
        "RemoteTool Responsys S3 Salesforce SalesforceMarketingCloud SalesforceServiceCloud SapBw SapCloudForCustomer SapEcc SapHana SapOpenHub SapTable "
        "Serp Serverless ServiceNow Sftp SharePointOnlineList Sharepoint Shopify Snowflake Spark SqlServer Square Sybase Teradata Vertica WebTable Xero Zoho"
    ).split(),
    {
        "ADLSGen2": "azure_data_lake_gen2",
        "AIServices": "azure_ai_services",
        "CognitiveSearch": "azure_ai_search",
        "CustomKeys": "custom",
    },
)
AUTH_TYPES = Words(
    (
        "None AAD AccessKey AccountKey ApiKey CustomKeys ManagedIdentity OAuth2 PAT SAS ServicePrincipal UsernamePassword DelegatedSAS "
        "ProjectManagedIdentity AccountManagedIdentity UserEntraToken AgentUserImpersonation AgenticIdentityToken AgenticUser"
    ).split(),
    {"OAuth2": "oauth2"},
)
