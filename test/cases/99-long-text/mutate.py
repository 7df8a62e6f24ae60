import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
c("ssm").put_parameter(Name="/p",Value="\n".join(f"line {i} = value {i}" if i!=31 else "line 31 = hacked" for i in range(60)),Type="String",Overwrite=True)
