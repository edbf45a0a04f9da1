import Kafka
import Operating
import Testing

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
}
