"""moto's server, an emulator of AWS, with what it lacks for Terraform to find everything as it made it.

    python3 tests/iac/emulator.py -H 127.0.0.1 -p 5566

Lambda functions run: their zip as it was deployed, with the environment that they were given, in a process of Node,
whose access key is the name of their role. What they ask AWS goes to FUNCTIONS_ENDPOINT; without it, to this server.
"""
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile

from moto.awslambda.models import LambdaFunction
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.elasticache.models import CacheCluster, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

# A deleted cluster is gone: moto keeps it in the state "deleting", and Terraform waits for its end.
delete_cache_cluster = ElastiCacheBackend.delete_cache_cluster


def delete_and_forget_cluster(self, cache_cluster_id):
    cluster = delete_cache_cluster(self, cache_cluster_id)
    self.cache_clusters.pop(cache_cluster_id, None)
    return cluster


ElastiCacheBackend.delete_cache_cluster = delete_and_forget_cluster


# Not implemented in moto.
def delete_cache_subnet_group(self):
    self.elasticache_backend.cache_subnet_groups.pop(self._get_param("CacheSubnetGroupName"), None)
    return ActionResult({})


ElastiCacheResponse.delete_cache_subnet_group = delete_cache_subnet_group

# A cluster tells its security groups.
CacheCluster.security_groups = property(
    lambda self: [{"SecurityGroupId": group, "Status": "active"} for group in self.security_group_ids]
)

# A function keeps its LoggingConfig and DeadLetterConfig.
KEPT = ("LoggingConfig", "DeadLetterConfig")
create_function = LambdaFunction.__init__
get_configuration = LambdaFunction.get_configuration
update_configuration = LambdaFunction.update_configuration


def create_and_keep(self, account_id, spec, region, version=1):
    create_function(self, account_id, spec, region, version)
    self.kept = {name: spec[name] for name in KEPT if spec.get(name)}


def get_with_kept(self, on_create=False):
    return {**get_configuration(self, on_create), **getattr(self, "kept", {})}


def update_and_keep(self, config):
    self.kept.update({name: config[name] for name in KEPT if config.get(name)})
    return update_configuration(self, config)


LambdaFunction.__init__ = create_and_keep
LambdaFunction.get_configuration = get_with_kept
LambdaFunction.update_configuration = update_and_keep

# A rule that lets a group in tells what for, as one for addresses does.
SecurityGroupRule.description = property(
    lambda self: self.ip_range.get("Description") or (self.source_group or {}).get("Description")
)

# A write of an item is atomic, its condition included.
items = threading.RLock()
call_dynamodb = DynamoHandler.call_action


def call_one_at_a_time(self):
    with items:
        return call_dynamodb(self)


DynamoHandler.call_action = call_one_at_a_time

RUN = """
let text = '';
for await (const part of process.stdin) text += part;
const { handler } = await import(`file://${process.cwd()}/index.mjs`);
const reply = await handler(JSON.parse(text), { invokedFunctionArn: process.env.FUNCTION_ARN });
process.stderr.write(`\\n${JSON.stringify(reply)}`);
process.exit(0);
"""


def run(self, event=None):
    with tempfile.TemporaryDirectory() as task:
        zipfile.ZipFile(io.BytesIO(self.code_bytes)).extractall(task)
        done = subprocess.run(
            [os.environ.get("NODE", "node"), "--input-type=module", "-e", RUN],
            cwd=task,
            env={
                "AWS_REGION": self.region,
                "AWS_ACCESS_KEY_ID": self.role.rsplit("/", 1)[-1],
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_ENDPOINT_URL": os.environ["FUNCTIONS_ENDPOINT"],
                "FUNCTION_ARN": self.function_arn,
                **self.environment_vars,
            },
            input=json.dumps(event),
            capture_output=True,
            text=True,
            timeout=60,
        )
    reply = done.stderr.rsplit("\n", 1)[-1]
    if done.returncode == 0:
        return reply, False, done.stdout
    return json.dumps({"errorType": "Error", "errorMessage": done.stderr[-2000:]}), True, done.stdout


LambdaFunction._invoke_lambda = run

if __name__ == "__main__":
    from moto.server import main

    host, port = sys.argv[sys.argv.index("-H") + 1], sys.argv[sys.argv.index("-p") + 1]
    os.environ.setdefault("FUNCTIONS_ENDPOINT", f"http://{host}:{port}")
    main(sys.argv[1:])
