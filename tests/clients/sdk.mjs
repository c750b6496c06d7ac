// Handlers of the official JS SDK; sdk.py has the same for Python.
// The input's "do" picks one.  "ledger" is a file to which a body adds a line.
import fs from "node:fs";
import { createRequire } from "node:module";
import { run } from "./runtime.mjs";

// The packages are not beside this file: DURABLE_NODE_MODULES has them.
const {
  CallbackError, CallbackSubmitterError, ChildContextError, InvokeError,
  NestingType, StepSemantics, withDurableExecution, withRetry,
} = createRequire(process.env.DURABLE_NODE_MODULES + "/")(
  "@aws/durable-execution-sdk-js");

const attempts = (count) => (error, made) => made < count
  ? { shouldRetry: true, delay: { seconds: 2 } } : { shouldRetry: false };

const note = (event, line) => fs.appendFileSync(event.ledger, line + "\n");

const noted = (event, line) => fs.readFileSync(event.ledger, "ascii")
  .split("\n").filter((one) => one === line).length;

// The message of the error of |type| that |promise| ends with.
async function message(promise, type) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof type) return error.message;
    throw error;
  }
  throw new Error("it did not fail");
}

async function order(event, context) {
  const price = await context.step("price", async () =>
    event.items.reduce((a, b) => a + b));
  const paid = await context.step("charge", async () => {
    note(event, "charge");
    if (noted(event, "charge") === 1) throw new Error("declined");
    return "paid";
  }, { retryStrategy: attempts(3) });
  const packed = await context.runInChildContext("pack", async (child) => {
    const box = await child.step("box", async () => "a box");
    await child.wait("dry", { seconds: 30 });
    return `in ${box}`;
  });
  const tax = await context.invoke("tax", event.other, { do: "tax", price });
  const delivered = await context.waitForCondition("delivered",
    async (state) => state + 1, {
      initialState: 0,
      waitStrategy: (state) => state === 3 ? { shouldContinue: false }
        : { shouldContinue: true, delay: { seconds: 5 } },
    });
  return { price, paid, packed, tax, delivered };
}

async function tax(event, context) {
  await context.wait("office hours", { seconds: 1 });
  return event.price * 2;
}

async function refuse(event, context) {
  await context.wait("think", { seconds: 1 });
  throw new Error("certainly not");
}

async function approval(event, context) {
  const [quote] = await context.createCallback("quote", {
    timeout: { seconds: 3600 }, heartbeatTimeout: { seconds: 600 } });
  const offer = await quote;
  const [asked] = await context.createCallback("review");
  const review = await message(asked, CallbackError);
  const signed = await context.waitForCallback("sign",
    async (id) => note(event, id), { timeout: { seconds: 3600 } });
  const notary = await message(
    context.waitForCallback("notary", async () => {
      throw new Error("no notary");
    }, { retryStrategy: attempts(1) }), CallbackSubmitterError);
  return { offer, review, signed, notary };
}

async function late(event, context) {
  const found = [];
  for (const [name, config] of [
    ["slow", { timeout: { seconds: 1 } }],
    ["silent", { heartbeatTimeout: { seconds: 1 } }]]) {
    const [callback] = await context.createCallback(name, config);
    found.push(await message(callback, CallbackError));
  }
  return found;
}

async function crowd(event, context) {
  const sizes = await context.map("sizes", event.words,
    async (child, item, index, items) => {
      const length = await child.step("measure", async () => item.length);
      if (index === items.length - 1)
        await child.wait("rest", { seconds: 10 });
      return length;
    }, { maxConcurrency: 1 });
  const pair = await context.parallel("pair", [
    { name: "left", func: (child) => child.step("go", async () => "L") },
    { name: "right", func: async () => { throw new Error("not right"); } },
  ], { maxConcurrency: 1,
    completionConfig: { toleratedFailurePercentage: 100 } });
  const flat = await context.map("flat", event.words, (child, item) =>
    child.step("upper", async () => item.toUpperCase()),
  { maxConcurrency: 1, nesting: NestingType.FLAT });
  const first = await context.map("first", event.words,
    async (child, item) => item,
    { maxConcurrency: 1, completionConfig: { minSuccessful: 1 } });
  await context.wait("end", { seconds: 1 });
  return {
    sizes: sizes.getResults(), pair: pair.getResults(),
    errors: pair.getErrors().map((error) => error.message),
    reasons: [sizes, pair, flat, first].map((batch) => batch.completionReason),
    flat: flat.getResults(), first: first.getResults(),
  };
}

async function at_once(event, context) {
  const visits = await context.map("visits", event.hours,
    async (child, item, index) => {
      await child.step("come", async () => index);
      await child.wait("stay", { seconds: item });
      return child.step("leave", async () => item * index);
    });
  return visits.getResults();
}

const stubborn = (event, context) =>
  withRetry(context, "book", async (child, attempt) => {
    await child.step("try", async () => note(event, `try ${attempt}`));
    if (attempt < 3) throw new Error("full");
    return attempt;
  }, { retryStrategy: attempts(5) });

// What only this SDK has.
async function combine(event, context) {
  const { promise } = context;
  const pause = (name, seconds) => context.wait(name, { seconds });
  const say = (name, word) => context.step(name, async () => {
    if (!word) throw new Error(`${name} is mute`);
    return word;
  }, { retryStrategy: attempts(1) });
  const all = await promise.all("all", [say("a", "A"), say("b", "B")]);
  const any = await promise.any("any", [say("c"), say("d", "D")]);
  const settled = await promise.allSettled("settled",
    [say("e", "E"), say("f")]);
  await promise.race("race", [pause("short", 1), pause("long", 60)]);
  return [all, any, settled.map((one) => one.status)];
}

const crash = (event, context) => context.step("fragile", async () => {
  note(event, "fragile");
  if (noted(event, "fragile") === 1) process.exit(7);
  return noted(event, "fragile");
}, { retryStrategy: attempts(2), semantics: StepSemantics.AtMostOncePerRetry });

async function large(event, context) {
  let parts = 0;
  for (let i = 0; i < event.steps; i++)
    parts += (await context.step(`part ${i}`, async () =>
      String(i % 10).repeat(200000))).length;
  const whole = await context.runInChildContext("whole", async (child) =>
    (await child.step("half", async () => "x".repeat(200000))).repeat(2));
  await context.wait("pause", { seconds: 60 });
  return { parts, whole: whole.length };
}

async function failing(event, context) {
  const doomed = async () => { throw new Error("no luck"); };
  const refused = [
    await message(context.invoke("please", event.other, { do: "refuse" }),
      InvokeError),
    await message(context.runInChildContext("bad child", doomed),
      ChildContextError)];
  await context.step("note", async () => refused.join(", "));
  await context.step("doomed", doomed, { retryStrategy: attempts(2) });
}

async function survive(event, context) {
  await context.step("before", async () => note(event, "before"));
  await context.wait("pause", { seconds: 1 });
  const [word] = await context.createCallback("word");
  const result = await word;
  await context.step("after", async () => note(event, "after"));
  return result;
}

const handlers = {
  order, tax, refuse, approval, late, crowd, at_once, stubborn, combine,
  crash, large, failing, survive };

run(withDurableExecution((event, context) =>
  handlers[event.do](event, context)));
