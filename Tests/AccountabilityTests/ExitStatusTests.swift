import Kafka
import Operating
import Stages
import Testing

@testable import Streaming

@Suite struct ExitStatusTests {
    @Test(arguments: [
        (KafkaError.Code.topicAuthorizationFailed, Operating.ExitStatus.configuration),
        (.groupAuthorizationFailed, .configuration),
        (.clusterAuthorizationFailed, .configuration), (.transactionalIDAuthorizationFailed, .configuration),
        (.invalidTransactionTimeout, .configuration), (.invalidSessionTimeout, .configuration), (.ssl, .configuration),
        (.authentication, .configuration), (.producerFenced, .tryAgain), (.transport, .brokerUnavailable),
        (.messageTooLarge, .internalError),
    ])
    func aRefusalIsAQuestionOfConfiguration(_ code: KafkaError.Code, _ status: Operating.ExitStatus) {
        let failure = Failure(KafkaError(code: code, name: "NAME", message: "what was said"))
        #expect(failure.status == status)
        #expect(failure.message.contains("what was said"))
    }

    /// A new version needs a right that the operator did not grant: the worker says which, and how to grant it.
    @Test func aMissingRightIsNamed() throws {
        let list = AccessList(pipeline: Pipeline())
        let indicator = try #require(list.principals.first { $0.name == "indicator-worker" })
        let refused = KafkaError(
            code: .topicAuthorizationFailed,
            name: "TOPIC_AUTHORIZATION_FAILED",
            message: "accountability.rejections.v1[0]: Broker: Topic authorization failed"
        )
        let errors: [any Error] = [
            refused, RuntimeError.final(refused, "consuming"), TransactionAborted(cause: refused),
        ]
        for error in errors {
            let failure = Failure(error, of: indicator)
            #expect(failure.status == .configuration)
            #expect(
                failure.message.hasSuffix(
                    ". The principal indicator-worker needs Describe, Read, Write on topic accountability.rejections.v1. "
                        + AccessRemedy.commands
                ),
                "\(failure.message)"
            )
            #expect(Failure(error).message.hasSuffix(". " + AccessRemedy.commands))
        }
        // Where the brokers do not name it, everything of its kind is listed.
        let group = KafkaError(code: .groupAuthorizationFailed, name: "GROUP_AUTHORIZATION_FAILED", message: "refused")
        let needs = Failure(group, of: indicator).message
        #expect(
            needs.contains("needs Describe, Read on group accountability.indicator; Describe on group "),
            "\(needs)"
        )
        #expect(
            !Failure(KafkaError(code: .transport, name: "x", message: "x"), of: indicator).message.contains("--acls")
        )
    }
}
