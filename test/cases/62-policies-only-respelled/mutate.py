import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
c("s3").put_bucket_policy(Bucket="acme-docs",Policy=json.dumps({"Statement":[{"Resource":["arn:aws:s3:::acme-docs/*"],"Action":["s3:ListBucket","s3:GetObject"],"Effect":"Allow","Sid":"A","Principal":{"AWS":["arn:aws:iam::123456789012:root"]}}],"Version":"2012-10-17"},indent=2))
c("iam").update_assume_role_policy(RoleName="app",PolicyDocument=json.dumps({"Statement":{"Action":["sts:AssumeRole"],"Effect":"Allow","Principal":{"Service":["ecs.amazonaws.com","ec2.amazonaws.com"]}},"Version":"2012-10-17"},indent=1))
q=c("sqs"); q.set_queue_attributes(QueueUrl=q.get_queue_url(QueueName="q")["QueueUrl"],Attributes={"Policy":json.dumps({"Statement":[{"Resource":"*","Principal":"*","Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:SendMessage"]}],"Version":"2012-10-17"},indent=2)})
