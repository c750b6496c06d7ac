"""A custom runtime that makes checkpoints through boto3."""

import json

import boto3

import runtime

CLIENT = boto3.client("lambda")  # found by AWS_ENDPOINT_URL_LAMBDA


def handler(event, context):
    arn, token = event["DurableExecutionArn"], event["CheckpointToken"]
    first = event["InitialExecutionState"]["Operations"][0]
    count = json.loads(first["ExecutionDetails"]["InputPayload"])["steps"]
    arguments = {
        "DurableExecutionArn": arn, "CheckpointToken": token,
        "ClientToken": "once", "Updates": [
            {"Id": f"{i:064x}", "Type": "STEP", "Action": "SUCCEED",
             "Name": f"s{i}", "SubType": "Step", "Payload": str(i)}
            for i in range(count)]}
    # The same request again answers the same, and changes nothing.
    answers = [CLIENT.checkpoint_durable_execution(**arguments)
               for _ in range(2)]
    for answer in answers:
        del answer["ResponseMetadata"]
    pages = CLIENT.get_paginator("get_durable_execution_state").paginate(
        DurableExecutionArn=arn, CheckpointToken=answers[0]["CheckpointToken"],
        PaginationConfig={"PageSize": 3})
    state = [operation["Id"] for page in pages
             for operation in page["Operations"]]
    result = {"first": json.dumps(answers[0], default=str),
              "replayed": json.dumps(answers[1], default=str), "state": state}
    return {"Status": "SUCCEEDED", "Result": json.dumps(result)}


runtime.run(handler)
