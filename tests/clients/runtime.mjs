// A custom runtime: takes invocations from the Runtime API, one at a time.
import http from "node:http";

const ROOT =
  `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
const agent = new http.Agent({ keepAlive: true });

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(ROOT + path, { method, agent }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () =>
        resolve([response, Buffer.concat(parts).toString()]));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const env = process.env;
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// Until the service is gone.
export async function run(handler) {
  for (;;) {
    let how = "response";
    let value;
    try {
      const [response, body] = await ask("GET", "next");
      if (response.statusCode !== 200) process.exit(0);
      const context = contextOf(response.headers);
      try {
        value = await handler(JSON.parse(body), context);
      } catch (error) {
        console.error(error);
        how = "error";
        value = { errorType: error.name, errorMessage: error.message };
      }
      await ask("POST", `${context.awsRequestId}/${how}`,
        JSON.stringify(value));
    } catch {
      process.exit(0);
    }
  }
}
