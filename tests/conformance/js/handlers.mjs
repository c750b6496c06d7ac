// The suite "handover" with the official JavaScript SDK.
import { createRequire } from "node:module";
import { run } from "../../clients/runtime.mjs";

// The packages are not beside this file: DURABLE_NODE_MODULES has them.
const { withDurableExecution } = createRequire(
  process.env.DURABLE_NODE_MODULES + "/")("@aws/durable-execution-sdk-js");

async function answerTo(context, name) {
  const [answer] = await context.createCallback(name);
  return answer;
}

run(withDurableExecution(async (event, context) => {
  const first = await context.step("first",
    async () => ({ n: 1, tags: ["a", "b"] }));
  const inside = await context.runInChildContext("inside", (child) =>
    child.step("second", async () => "two"));
  const items = await context.map("items", [1, 2], (child, item) =>
    child.step("times ten", async () => item * 10), { maxConcurrency: 1 });
  const one = await answerTo(context, "go-1");
  const third = await context.step("third", async () => "three");
  const two = await answerTo(context, "go-2");
  return { first, inside, items: items.getResults(), third,
           answers: [one, two] };
}));
