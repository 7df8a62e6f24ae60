import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5611", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
g=c("ec2").describe_security_groups(Filters=[{"Name":"group-name","Values":["app"]}])["SecurityGroups"][0]["GroupId"]
c("ec2").authorize_security_group_ingress(GroupId=g,IpPermissions=[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"203.0.113.7/32","Description":"emergency hotfix"}]}])
p=json.loads(c("s3").get_bucket_policy(Bucket="acme-data")["Policy"])
p["Statement"][1]["Action"]=["s3:DeleteObject"]
c("s3").put_bucket_policy(Bucket="acme-data",Policy=json.dumps(p))
i=c("iam"); a=i.create_policy(PolicyName="admin",PolicyDocument=json.dumps({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}))["Policy"]["Arn"]; i.attach_role_policy(RoleName="app",PolicyArn=a)
