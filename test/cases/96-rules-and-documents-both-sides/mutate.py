import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
e=c("ec2"); g=e.describe_security_groups(Filters=[{"Name":"group-name","Values":["web"]}])["SecurityGroups"][0]["GroupId"]
e.authorize_security_group_ingress(GroupId=g,IpPermissions=[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"203.0.113.7/32"}]}])
q=c("sqs"); q.set_queue_attributes(QueueUrl=q.get_queue_url(QueueName="q")["QueueUrl"],Attributes={"RedrivePolicy":json.dumps({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":10})})
