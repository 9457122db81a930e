// Copyright (c) 2026, the azureml.compute authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Calls of @azure/arm-machinelearning: prints a JSON object for each (call, error). Run in the directory that has the packages.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.cwd() + "/package.json"));
const { AzureMachineLearningWorkspaces: Client } = require("@azure/arm-machinelearning");
const { ClientSecretCredential } = require("@azure/identity");

const env = process.env;
const url = env.AML_SIMULATOR_URL;
const credential = new ClientSecretCredential(env.AZURE_TENANT_ID, env.AZURE_CLIENT_ID, env.AZURE_CLIENT_SECRET, {
  authorityHost: url,
  disableInstanceDiscovery: true,
});
const client = new Client(credential, env.AZURE_SUBSCRIPTION_ID, {
  endpoint: url,
  $host: url,
  credentialScopes: [`${url}/.default`],
});
const at = ["rg-javascript", "ws-javascript"];
const quick = { updateIntervalInMs: 100 };
const ids = JSON.parse(env.DEPENDENTS_JS);
const size = { vmSize: "Standard_D4s_v3" };
const scaleSettings = { minNodeCount: 0, maxNodeCount: 1 };
const cluster = { location: "eastus", properties: { computeType: "AmlCompute", properties: { ...size, scaleSettings } } };
const instance = { location: "eastus", properties: { computeType: "ComputeInstance", properties: size } };
const all = async (pages) => {
  const found = [];
  for await (const item of pages) found.push(item);
  return found;
};
const calls = {
  "operations.list": () => all(client.operations.list()),
  "workspaces.createOrUpdate": () =>
    client.workspaces.beginCreateOrUpdateAndWait(...at, { location: "eastus", identity: { type: "SystemAssigned" }, ...ids }, quick),
  "workspaces.update": async () => {
    const updated = await client.workspaces.beginUpdateAndWait(...at, { description: "new" }, quick);
    if (updated?.name !== at[1]) throw new Error("the result is not the workspace");
  },
  "workspaces.get": () => client.workspaces.get(...at),
  "workspaces.listByResourceGroup": () => all(client.workspaces.listByResourceGroup(at[0])),
  "workspaces.listKeys": () => client.workspaces.listKeys(...at),
  "workspaces.resyncKeys": () => client.workspaces.beginResyncKeysAndWait(...at, quick),
  "workspaces.diagnose": () => client.workspaces.beginDiagnoseAndWait(...at, quick),
  "workspaces.prepareNotebook": () => client.workspaces.beginPrepareNotebookAndWait(...at, quick),
  "workspaces.listNotebookKeys": () => client.workspaces.listNotebookKeys(...at),
  "privateEndpointConnections.list": () => all(client.privateEndpointConnections.list(...at)),
  "usages.list": () => all(client.usages.list("eastus")),
  "virtualMachineSizes.list": () => client.virtualMachineSizes.list("eastus"),
  "computeOperations.createOrUpdate": () => client.computeOperations.beginCreateOrUpdateAndWait(...at, "cpu-javascript", cluster, quick),
  "computeOperations.list": () => all(client.computeOperations.list(...at)),
  "computeOperations.listNodes": () => all(client.computeOperations.listNodes(...at, "cpu-javascript")),
  "computeOperations.createOrUpdate (instance)": () => client.computeOperations.beginCreateOrUpdateAndWait(...at, "ci-javascript", instance, quick),
  "computeOperations.stop": () => client.computeOperations.beginStopAndWait(...at, "ci-javascript", quick),
  "computeOperations.start": () => client.computeOperations.beginStartAndWait(...at, "ci-javascript", quick),
  "datastores.list": () => all(client.datastores.list(...at)),
  "computeOperations.delete": () => client.computeOperations.beginDeleteAndWait(...at, "cpu-javascript", "Delete", quick),
  "workspaces.delete": () => client.workspaces.beginDeleteAndWait(...at, quick),
};
for (const [call, run] of Object.entries(calls)) {
  let error = "";
  try {
    await run();
  } catch (problem) {
    error = String(problem.message ?? problem).split("\n")[0];
  }
  console.log(JSON.stringify({ call, error }));
}
