import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
for n in "ab": c("logs").tag_log_group(logGroupName="/acme/"+n,tags={"Owner":"mallory"})
