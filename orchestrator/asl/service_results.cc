// What services of AWS answer, as their descriptions state it: for mocked results, which must look
// like the real ones. Member names are as Step Functions has them, with a capital letter in front.
//
//   s, n, b     a text (also bytes and times), a number, true or false
//   s(1,64)     of this length; n(128,10240) within this range; either bound may be left out
//   e(A|B)      one of these texts
//   [T], <T>    a list, an object with any names
//   {A:T,B!:T}  an object; B is always there
//   @Name, *    the schema of this name; anything
//
// A member that a service answers and that is not here is not checked. Lists of values that grow
// with every release are texts here.

#include <algorithm>
#include <iterator>

#include "orchestrator/asl/result_schema.h"

namespace orderflow::asl {
namespace {

struct ServiceResult {
  std::string_view name;
  std::string_view schema;
};

constexpr ServiceResult kSchemas[] = {
    // --- Parts of several answers ---
    {"AttributeValue",
     "{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<@AttributeValue>,L:[@AttributeValue],NULL:b,BOOL:b}"},
    {"Capacity", "{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}"},
    {"ConsumedCapacity",
     "{TableName:s(1,1024),CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,"
     "Table:@Capacity,LocalSecondaryIndexes:<@Capacity>,GlobalSecondaryIndexes:<@Capacity>}"},
    {"ItemCollectionMetrics", "{ItemCollectionKey:<@AttributeValue>,SizeEstimateRangeGB:[n]}"},
    {"ItemChange",
     "{Attributes:<@AttributeValue>,ConsumedCapacity:@ConsumedCapacity,"
     "ItemCollectionMetrics:@ItemCollectionMetrics}"},
    {"ItemList",
     "{Items:[<@AttributeValue>],Count:n,ScannedCount:n,LastEvaluatedKey:<@AttributeValue>,"
     "ConsumedCapacity:@ConsumedCapacity}"},
    {"EncryptionAlgorithm", "e(SYMMETRIC_DEFAULT|RSAES_OAEP_SHA_1|RSAES_OAEP_SHA_256|SM2PKE)"},
    {"ServerSideEncryption", "e(AES256|aws:fsx|aws:kms|aws:kms:dsse)"},
    {"StorageClass",
     "e(STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|"
     "DEEP_ARCHIVE|OUTPOSTS|GLACIER_IR|SNOW|EXPRESS_ONEZONE|FSX_OPENZFS|FSX_ONTAP)"},
    {"Parameter",
     "{Name:s(1,2048),Type:e(String|StringList|SecureString),Value:s,Version:n,Selector:s(,128),"
     "SourceResult:s,LastModifiedDate:s,ARN:s,DataType:s(,128)}"},
    {"FunctionConfiguration",
     "{FunctionName:s(1,256),FunctionArn:s(,10000),Runtime:s,Role:s,Handler:s(,128),CodeSize:n,"
     "Description:s(,256),Timeout:n(1,),MemorySize:n(128,32768),LastModified:s,CodeSha256:s,"
     "Version:s(1,1024),VpcConfig:{SubnetIds:[s],SecurityGroupIds:[s],VpcId:s,"
     "Ipv6AllowedForDualStack:b},DeadLetterConfig:{TargetArn:s},Environment:{Variables:<s>,"
     "Error:{ErrorCode:s,Message:s}},KMSKeyArn:s,TracingConfig:{Mode:e(Active|PassThrough)},"
     "MasterArn:s(,10000),RevisionId:s,Layers:[{Arn:s(1,140),CodeSize:n,"
     "SigningProfileVersionArn:s,SigningJobArn:s}],State:s,StateReason:s,StateReasonCode:s,"
     "LastUpdateStatus:e(Successful|Failed|InProgress),LastUpdateStatusReason:s,"
     "LastUpdateStatusReasonCode:s,FileSystemConfigs:[{Arn!:s(,256),LocalMountPath!:s(,160)}],"
     "PackageType:e(Zip|Image),Architectures:[e(x86_64|arm64)],"
     "EphemeralStorage:{Size!:n(512,10240)},SnapStart:{ApplyOn:e(PublishedVersions|None),"
     "OptimizationStatus:e(On|Off)}}"},
    {"ExecutionStart", "{ExecutionArn!:s(1,256),StartDate!:s}"},
    // What a Task sees of an execution that it waited for; input and output are texts or values.
    {"ExecutionEnd",
     "{ExecutionArn!:s(1,256),StateMachineArn!:s(1,256),Name:s(1,80),"
     "Status!:e(RUNNING|SUCCEEDED|FAILED|TIMED_OUT|ABORTED|PENDING_REDRIVE),StartDate!:s,"
     "StopDate:s,Input:*,Output:*,TraceHeader:s(,256),Error:s(,256),Cause:s(,32768)}"},
    // --- Optimized integrations ---
    {"athena:startQueryExecution", "{QueryExecutionId:s(1,128)}"},
    {"batch:submitJob", "{JobArn:s,JobName!:s,JobId!:s}"},
    {"databrew:startJobRun", "{RunId!:s(1,255)}"},
    {"dynamodb:deleteItem", "@ItemChange"},
    {"dynamodb:getItem", "{Item:<@AttributeValue>,ConsumedCapacity:@ConsumedCapacity}"},
    {"dynamodb:putItem", "@ItemChange"},
    {"dynamodb:updateItem", "@ItemChange"},
    {"emr-containers:startJobRun",
     "{Id:s(1,64),Name:s(1,64),Arn:s(60,1024),VirtualClusterId:s(1,64)}"},
    {"emr-serverless:startJobRun", "{ApplicationId!:s(1,64),JobRunId!:s(1,64),Arn!:s(60,1024)}"},
    {"events:putEvents",
     "{FailedEntryCount:n,Entries:[{EventId:s(,64),ErrorCode:s,ErrorMessage:s}]}"},
    {"glue:startJobRun", "{JobRunId:s(1,255)}"},
    // The answer of the function itself is whatever it is.
    {"lambda:invoke",
     "{StatusCode:n,FunctionError:s,LogResult:s,Payload:*,ExecutedVersion:s(1,1024)}"},
    {"sagemaker:createEndpoint", "{EndpointArn!:s(20,2048)}"},
    {"sagemaker:createEndpointConfig", "{EndpointConfigArn!:s(20,2048)}"},
    {"sagemaker:createHyperParameterTuningJob", "{HyperParameterTuningJobArn!:s(,256)}"},
    {"sagemaker:createLabelingJob", "{LabelingJobArn!:s(,2048)}"},
    {"sagemaker:createModel", "{ModelArn!:s(20,2048)}"},
    {"sagemaker:createProcessingJob", "{ProcessingJobArn!:s(,256)}"},
    {"sagemaker:createTrainingJob", "{TrainingJobArn!:s(,256)}"},
    {"sagemaker:createTransformJob", "{TransformJobArn!:s(,256)}"},
    {"sagemaker:updateEndpoint", "{EndpointArn!:s(20,2048)}"},
    {"sns:publish", "{MessageId:s,SequenceNumber:s}"},
    {"sqs:sendMessage",
     "{MD5OfMessageBody:s,MD5OfMessageAttributes:s,MD5OfMessageSystemAttributes:s,MessageId:s,"
     "SequenceNumber:s}"},
    {"states:startExecution", "@ExecutionStart"},
    {"states:startExecution.sync", "@ExecutionEnd"},
    {"states:startExecution.sync:2", "@ExecutionEnd"},
    // --- By the SDK ---
    {"aws-sdk:lambda:invoke",
     "{StatusCode:n,FunctionError:s,LogResult:s,Payload:s,ExecutedVersion:s(1,1024)}"},
    {"aws-sdk:sfn:startExecution", "@ExecutionStart"},
    {"dynamodb:query", "@ItemList"},
    {"dynamodb:scan", "@ItemList"},
    {"kms:decrypt",
     "{KeyId:s(1,2048),Plaintext:s(1,4096),EncryptionAlgorithm:@EncryptionAlgorithm,"
     "CiphertextForRecipient:s(1,6144),KeyMaterialId:s(64,64)}"},
    {"kms:encrypt",
     "{CiphertextBlob:s(1,6144),KeyId:s(1,2048),EncryptionAlgorithm:@EncryptionAlgorithm}"},
    {"kms:generateDataKey",
     "{CiphertextBlob:s(1,6144),Plaintext:s(1,4096),KeyId:s(1,2048),"
     "CiphertextForRecipient:s(1,6144),KeyMaterialId:s(64,64)}"},
    {"lambda:getFunction",
     "{Configuration:@FunctionConfiguration,Code:{RepositoryType:s,Location:s,ImageUri:s,"
     "ResolvedImageUri:s,SourceKMSKeyArn:s},Tags:<s>,TagsError:{ErrorCode!:s(10,21),"
     "Message!:s(84,1000)},Concurrency:{ReservedConcurrentExecutions:n(0,)}}"},
    {"lambda:getFunctionConfiguration", "@FunctionConfiguration"},
    {"s3:deleteObject", "{DeleteMarker:b,VersionId:s,RequestCharged:e(requester)}"},
    {"s3:getObject",
     "{Body:s,DeleteMarker:b,AcceptRanges:s,Expiration:s,Restore:s,LastModified:s,"
     "ContentLength:n,ETag:s,ChecksumCRC32:s,ChecksumCRC32C:s,ChecksumCRC64NVME:s,"
     "ChecksumSHA1:s,ChecksumSHA256:s,ChecksumType:e(COMPOSITE|FULL_OBJECT),MissingMeta:n,"
     "VersionId:s,CacheControl:s,ContentDisposition:s,ContentEncoding:s,ContentLanguage:s,"
     "ContentRange:s,ContentType:s,Expires:s,WebsiteRedirectLocation:s,"
     "ServerSideEncryption:@ServerSideEncryption,Metadata:<s>,SSECustomerAlgorithm:s,"
     "SSECustomerKeyMD5:s,SSEKMSKeyId:s,BucketKeyEnabled:b,StorageClass:@StorageClass,"
     "RequestCharged:e(requester),"
     "ReplicationStatus:e(COMPLETE|PENDING|FAILED|REPLICA|COMPLETED),PartsCount:n,TagCount:n,"
     "ObjectLockMode:e(GOVERNANCE|COMPLIANCE),ObjectLockRetainUntilDate:s,"
     "ObjectLockLegalHoldStatus:e(ON|OFF)}"},
    {"s3:listObjectsV2",
     "{IsTruncated:b,Contents:[{Key:s(1,),LastModified:s,ETag:s,ChecksumAlgorithm:[s],"
     "ChecksumType:e(COMPOSITE|FULL_OBJECT),Size:n,StorageClass:@StorageClass,"
     "Owner:{DisplayName:s,ID:s},RestoreStatus:{IsRestoreInProgress:b,RestoreExpiryDate:s}}],"
     "Name:s,Prefix:s,Delimiter:s,MaxKeys:n,CommonPrefixes:[{Prefix:s}],EncodingType:e(url),"
     "KeyCount:n,ContinuationToken:s,NextContinuationToken:s,StartAfter:s,"
     "RequestCharged:e(requester)}"},
    {"s3:putObject",
     "{Expiration:s,ETag:s,ChecksumCRC32:s,ChecksumCRC32C:s,ChecksumCRC64NVME:s,ChecksumSHA1:s,"
     "ChecksumSHA256:s,ChecksumType:e(COMPOSITE|FULL_OBJECT),"
     "ServerSideEncryption:@ServerSideEncryption,VersionId:s,SSECustomerAlgorithm:s,"
     "SSECustomerKeyMD5:s,SSEKMSKeyId:s,SSEKMSEncryptionContext:s,BucketKeyEnabled:b,Size:n,"
     "RequestCharged:e(requester)}"},
    {"secretsmanager:getSecretValue",
     "{ARN:s(20,2048),Name:s(1,256),VersionId:s(32,64),SecretBinary:s(1,65536),"
     "SecretString:s(1,65536),VersionStages:[s(1,256)],CreatedDate:s}"},
    {"sqs:receiveMessage",
     "{Messages:[{MessageId:s,ReceiptHandle:s,MD5OfBody:s,Body:s,Attributes:<s>,"
     "MD5OfMessageAttributes:s,MessageAttributes:<{StringValue:s,BinaryValue:s,"
     "StringListValues:[s],BinaryListValues:[s],DataType!:s}>}]}"},
    {"ssm:getParameter", "{Parameter:@Parameter}"},
    {"ssm:getParameters", "{Parameters:[@Parameter],InvalidParameters:[s(1,2048)]}"},
};

}  // namespace

std::string_view FindServiceResult(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kSchemas), std::end(kSchemas),
                   [name](const ServiceResult& known) { return known.name == name; });
  return found == std::end(kSchemas) ? std::string_view() : found->schema;
}

}  // namespace orderflow::asl
