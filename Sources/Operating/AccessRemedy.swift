import Kafka
import Stages
import Streaming

/// What to do when the brokers refuse a program something.
///
/// A new version may need more rights than the one before it, and the brokers do not say which one is missing. The
/// access list does.
public enum AccessRemedy {
    /// Where the commands are that grant rights.
    public static let commands =
        "`accountability topics --acls` prints the commands that grant every right of this version; to run them again does no harm"

    /// The remedy, with the rights that the program needs where it was refused.
    ///
    /// - Parameters:
    ///   - error: what ended the program.
    ///   - principal: the program's entry in the access list; nil if it is not known.
    /// - Returns: nil if the error is no refusal.
    static func text(for error: any Error, _ principal: AccessList.Principal?) -> String? {
        guard let refusal = refusal(in: error) else { return nil }
        let rights = principal.map { needed(of: $0.rights, where: refusal) } ?? []
        guard let principal, !rights.isEmpty else { return commands }
        return "The principal \(principal.name) needs \(list(rights)). \(commands)"
    }

    /// The error of the brokers' authorizer behind an error; nil if there is none.
    private static func refusal(in error: any Error) -> KafkaError? {
        let cause: KafkaError? =
            switch error {
            case let error as KafkaError: error
            case let error as RuntimeError: error.cause as? KafkaError
            case let error as TransactionAborted: error.cause
            default: nil
            }
        return cause.flatMap { isRefusal($0.code) ? $0 : nil }
    }

    private static func isRefusal(_ code: KafkaError.Code) -> Bool {
        resource(of: code) != nil || code == .clusterAuthorizationFailed
    }

    private static func resource(of code: KafkaError.Code) -> AccessRight.Resource? {
        switch code {
        case .topicAuthorizationFailed: .topic
        case .groupAuthorizationFailed: .group
        case .transactionalIDAuthorizationFailed: .transactionalID
        default: nil
        }
    }

    /// The rights on what the error names, or else on everything of its kind.
    private static func needed(of rights: [AccessRight], where refusal: KafkaError) -> [AccessRight] {
        let all = rights.filter { $0.resource == resource(of: refusal.code) }
        let named = all.filter { refusal.message.contains($0.name) }
        return named.isEmpty ? all : named
    }

    /// As text: the operations on each resource.
    private static func list(_ rights: [AccessRight]) -> String {
        var order: [String] = []
        var operations: [String: [String]] = [:]
        for right in rights {
            let place = "\(right.resource.rawValue) \(right.name)\(right.isPrefix ? "*" : "")"
            if operations[place] == nil { order.append(place) }
            operations[place, default: []].append(right.operation.rawValue)
        }
        return order.map { "\(operations[$0, default: []].joined(separator: ", ")) on \($0)" }.joined(separator: "; ")
    }
}
