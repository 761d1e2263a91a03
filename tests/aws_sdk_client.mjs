// What a program would do with npm's @aws-sdk/client-sfn: prints what it saw as JSON.
//
//   node aws_sdk_client.mjs ENDPOINT      (ORDERFLOW_AWS_SDK: the node_modules that have the package)

import { createRequire } from "node:module";

const require = createRequire(`${process.env.ORDERFLOW_AWS_SDK}/`);
const sfn = require("@aws-sdk/client-sfn");

const client = new sfn.SFNClient({
  endpoint: process.argv[2],
  region: process.env.AWS_REGION,
  // Else the client would ask for sync-127.0.0.1, which is nobody.
  disableHostPrefix: true,
  maxAttempts: 1,
});
const send = (Command, input) => client.send(new Command(input));

const definition = (result) => JSON.stringify({
  StartAt: "A", States: { A: { Type: "Pass", Result: result, End: true } } });
const roleArn = "arn:aws:iam::123456789012:role/any";

// The error that a call ends with, as a program would catch it.
async function errorOf(Command, input) {
  try {
    await send(Command, input);
    return "none";
  } catch (error) {
    return { name: error.name, known: error instanceof sfn.SFNServiceException, status: error.$metadata?.httpStatusCode };
  }
}

async function endOf(executionArn) {
  for (;;) {
    const described = await send(sfn.DescribeExecutionCommand, { executionArn });
    if (described.status !== "RUNNING") return described;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const seen = {};
const created = await send(sfn.CreateStateMachineCommand, {
  name: "sdk", definition: definition("one"), roleArn, publish: true, tags: [{ key: "team", value: "a" }] });
const { stateMachineArn } = created;
seen.creationIsADate = created.creationDate instanceof Date;
const updated = await send(sfn.UpdateStateMachineCommand, { stateMachineArn, definition: definition("two"), publish: true });
seen.versions = (await send(sfn.ListStateMachineVersionsCommand, { stateMachineArn })).stateMachineVersions
  .map((version) => version.stateMachineVersionArn.replace(stateMachineArn, ""));
const { stateMachineAliasArn } = await send(sfn.CreateStateMachineAliasCommand, {
  name: "PROD", routingConfiguration: [{ stateMachineVersionArn: created.stateMachineVersionArn, weight: 100 }] });

const { executionArn } = await send(sfn.StartExecutionCommand, { stateMachineArn: stateMachineAliasArn, input: "{}" });
const ended = await endOf(executionArn);
seen.ended = { status: ended.status, output: ended.output, alias: ended.stateMachineAliasArn === stateMachineAliasArn,
  version: ended.stateMachineVersionArn === created.stateMachineVersionArn, stopIsADate: ended.stopDate instanceof Date };
seen.listed = (await send(sfn.ListExecutionsCommand, { stateMachineArn: stateMachineAliasArn })).executions.length;
seen.listedOfOther = (await send(sfn.ListExecutionsCommand, { stateMachineArn: updated.stateMachineVersionArn })).executions.length;
seen.events = [];
for await (const page of sfn.paginateGetExecutionHistory({ client, pageSize: 2 }, { executionArn })) {
  seen.events.push(...page.events.map((event) => event.type));
}
seen.describedForExecution = (await send(sfn.DescribeStateMachineForExecutionCommand, { executionArn })).definition;

await send(sfn.TagResourceCommand, { resourceArn: stateMachineArn, tags: [{ key: "team", value: "b" }, { key: "x", value: "" }] });
await send(sfn.UntagResourceCommand, { resourceArn: stateMachineArn, tagKeys: ["none"] });
seen.tags = (await send(sfn.ListTagsForResourceCommand, { resourceArn: stateMachineArn })).tags;
seen.validation = await send(sfn.ValidateStateMachineDefinitionCommand, { definition: "{}" })
  .then((answer) => [answer.result, answer.diagnostics[0].code]);

const task = {
  Type: "Task", Resource: "arn:aws:states:::dynamodb:putItem", Parameters: { TableName: "orders", "Item.$": "$.item" },
  ResultPath: "$.put", Retry: [{ ErrorEquals: ["Busy"], MaxAttempts: 1 }], Next: "Ship" };
const testOf = (mock, more) => send(sfn.TestStateCommand, {
  definition: JSON.stringify(task), input: JSON.stringify({ item: { id: { S: "1" } } }), mock, ...more });
seen.tested = await testOf({ result: "{}" }, { inspectionLevel: "DEBUG" }).then((answer) => ({
  status: answer.status, output: answer.output, next: answer.nextState,
  parameters: JSON.parse(answer.inspectionData.afterParameters) }));
seen.testedRetry = await testOf({ errorOutput: { error: "Busy" } }, { stateConfiguration: { retrierRetryCount: 0 } })
  .then((answer) => [answer.status, answer.error, answer.inspectionData]);
seen.testedChoice = await send(sfn.TestStateCommand, {
  stateName: "C", input: "{}", definition: JSON.stringify({ StartAt: "C", States: {
    C: { Type: "Choice", Choices: [{ Variable: "$.a", IsPresent: true, Next: "Y" }], Default: "N" },
    Y: { Type: "Succeed" }, N: { Type: "Succeed" } } }) }).then((answer) => answer.nextState);

const express = await send(sfn.CreateStateMachineCommand, {
  name: "sdk-express", type: "EXPRESS", definition: definition({ n: 1 }), roleArn });
seen.sync = await send(sfn.StartSyncExecutionCommand, { stateMachineArn: express.stateMachineArn })
  .then((answer) => [answer.status, answer.output]);

const waiting = await send(sfn.CreateStateMachineCommand, {
  name: "sdk-wait", roleArn, definition: JSON.stringify({
    StartAt: "W", States: { W: { Type: "Wait", Seconds: 3600, End: true } } }) });
const running = await send(sfn.StartExecutionCommand, { stateMachineArn: waiting.stateMachineArn });
await send(sfn.StopExecutionCommand, { executionArn: running.executionArn, error: "Enough" });
seen.stopped = await endOf(running.executionArn).then((described) => [described.status, described.error]);

await send(sfn.RedriveExecutionCommand, { executionArn: running.executionArn });
seen.redriven = await send(sfn.DescribeExecutionCommand, { executionArn: running.executionArn })
  .then((described) => [described.status, described.redriveCount, described.redriveStatus, described.redriveDate instanceof Date]);

seen.errors = [
  await errorOf(sfn.RedriveExecutionCommand, { executionArn: running.executionArn }),
  await errorOf(sfn.DescribeExecutionCommand, { executionArn: `${executionArn}-none` }),
  await errorOf(sfn.DeleteStateMachineVersionCommand, { stateMachineVersionArn: created.stateMachineVersionArn }),
  await errorOf(sfn.CreateStateMachineCommand, { name: "bad", definition: "{}", roleArn }),
  await errorOf(sfn.TestStateCommand, { definition: "{}", roleArn }),
  await errorOf(sfn.TestStateCommand, { definition: JSON.stringify(task), mock: { result: "[" } }),
];
console.log(JSON.stringify(seen));
