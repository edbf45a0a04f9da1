internal import Messages
internal import Stages

/// The outcome of one submitted file.
struct SubmissionOutcome {
    let id: String
    let fileName: String
    /// Why the whole file was refused: code and message.
    var refusal: (code: String, message: String)?
    var layout = ""
    var rows = 0
    var accepted = 0
    var rejected = 0
    var unchanged = 0
    var replaced = 0
    var deleted = 0
    var undeclared = 0
    /// Those of the rejected rows that wait for an approval.
    var held = 0
    /// The school years of the waiting rows.
    var heldYears: [Int] = []
    /// Rejected rows by code.
    var rejections: [String: Int] = [:]
    /// The time from the call to the last row's receipt.
    var seconds = 0.0

    var isRefused: Bool { refusal != nil }

    /// Counts figures as rejected that a stage after validation refused; receipts count them as accepted.
    mutating func moveShadowed() {
        let shadowed = rejections[RejectionCode.suppliedShadowed.rawValue] ?? 0
        accepted -= shadowed
        rejected += shadowed
    }

    /// Takes the number of the shadowed figures from all rejections on record, and counts them as rejected.
    mutating func countShadowed(_ records: [Accountability_V1_Rejection]) {
        let code = RejectionCode.suppliedShadowed.rawValue
        let open = records.count { $0.submission == id && $0.code == code && $0.closedBy.isEmpty }
        rejections[code] = open > 0 ? open : nil
        moveShadowed()
    }
}
