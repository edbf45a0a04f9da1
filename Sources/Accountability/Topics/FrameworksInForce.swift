internal import Messages
internal import Operating
internal import Rules
internal import Stages

extension Connection {
    /// The frameworks under which the installation computes, from the acts of the Department on record.
    ///
    /// - Throws: `Failure` if the acts cannot be read, or a document in force is not valid.
    func frameworks() throws -> FrameworkSet {
        let reader = try TopicReader(self)
        defer { reader.close() }
        let acts = try reader.table(TableTopics.directives) { $0.act == .frameworkStep }
        return try Self.frameworks(onRecord: acts.map(\.message))
    }

    /// The frameworks that these acts put in force.
    static func frameworks(onRecord acts: [Accountability_V1_Directive]) throws -> FrameworkSet {
        do {
            return try FrameworkSet(onRecord: acts)
        } catch {
            throw Failure(
                .configuration,
                "the framework on record cannot be used: \(error); `accountability directive --list` shows the framework steps"
            )
        }
    }
}
