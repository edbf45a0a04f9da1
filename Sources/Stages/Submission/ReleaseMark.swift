import Messages
import Rules
import Tables

/// The marker that follows the submission of an official release in every partition of the ledger.
///
/// A release comes to the ranks and to the determinations by a shorter way than the rows of files. So it takes effect
/// with its marker, which each stage passes on after everything that was submitted before the release.
package enum ReleaseMark {
    private static let prefix = "release/"

    /// The scope of the completion markers of a submission.
    static func scope(of submission: String) -> String { prefix + submission }

    /// The submission whose markers a scope names; nil for another scope, such as a school year.
    package static func submission(of scope: String) -> String? {
        scope.hasPrefix(prefix) ? String(scope.dropFirst(prefix.count)) : nil
    }

    /// Whether a row of an act may make results official.
    ///
    /// It need not be valid: a marker without a release has no effect.
    static func follows(act: Span<UInt8>, kind: Span<UInt8>) -> Bool {
        act.text.lowercased().contains(DepartmentAct.release.wireName)
            && kind.text.lowercased().contains(ReleaseKind.official.wireName)
    }
}

extension Accountability_V1_Directive {
    /// Whether it releases results as official.
    var isOfficialRelease: Bool {
        releaseKind == .official
    }
}
