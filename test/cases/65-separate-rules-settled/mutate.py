import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
e=c("ec2")
def g(n): return e.describe_security_groups(Filters=[{"Name":"group-name","Values":[n]}])["SecurityGroups"][0]["GroupId"]
def perm(f,t,cidr,desc=None,proto="tcp"): return [{"IpProtocol":proto,"FromPort":f,"ToPort":t,"IpRanges":[{"CidrIp":cidr,**({"Description":desc} if desc else {})}]}]

e.revoke_security_group_ingress(GroupId=g("app"),IpPermissions=perm(443,443,"0.0.0.0/0"))
e.update_security_group_rule_descriptions_ingress(GroupId=g("app"),IpPermissions=perm(80,80,"10.0.0.0/8","changed by bob"))
