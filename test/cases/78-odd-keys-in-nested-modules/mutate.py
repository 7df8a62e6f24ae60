import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
from hashlib import md5
h=lambda k: "/g/"+md5(k.encode()).hexdigest()
l=c("logs"); l.put_retention_policy(logGroupName=h('a"b'),retentionInDays=1); l.delete_log_group(logGroupName=h("c[0].d"))
