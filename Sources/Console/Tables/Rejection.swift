internal import Messages

extension ConsoleTables {
    /// The part of a refused row that is counted.
    package struct Rejection: Sendable, Hashable {
        package let code: String
        package let layout: String
        package let organization: String
        package let schoolYear: Int
        package let isOpen: Bool
        /// The submission and the line.
        ///
        /// Several codes can have the same ones.
        package let row: String
    }
}

extension ConsoleTables.Rejection {
    init(_ message: Accountability_V1_Rejection) {
        code = message.code
        layout = message.layout
        organization = message.orgCode
        schoolYear = Int(message.schoolYear)
        isOpen = message.closedBy.isEmpty
        row = "\(message.submission)/\(message.line)"
    }
}
