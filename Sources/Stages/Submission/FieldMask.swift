import Messages
import Rules
import Tables

/// The valid values of a column in a student's row.
///
/// A field that holds anything else may hold an identifier or a name, as in a file whose columns are shifted. The
/// ledger is kept for ever, so such a field enters it as a question mark and the code of its rejection, which no column
/// may hold: validation refuses the row for the same reason, and never takes the mask for a value.
struct FieldMask: Sendable {
    private let kind: Column.Kind
    private var spellings = GroupSpellings()

    init(_ column: Column) {
        // A race may have any published spelling of its group.
        kind = column.name == "race" ? .group : column.kind
    }

    /// Why a field is invalid for the column; nil if it is valid or empty.
    mutating func fault(_ field: Span<UInt8>) -> RejectionCode? {
        guard field.count > 0 else { return nil }
        return switch kind {
        case .year: Self.code(FieldReading.year(field))
        case .code8: Self.code(FieldReading.code(field))
        case .integer(let bounds): Self.code(FieldReading.integer(field, bounds))
        case .decimal(let bounds): Self.code(FieldReading.decimal(field, bounds))
        case .choice(let words, let synonyms):
            !synonyms.isEmpty && synonyms[field.text] != nil ? nil : Self.code(FieldReading.choice(field, words))
        case .yesNo: Self.code(FieldReading.yesNo(field))
        case .grade(let orAll): orAll && field.isEqual(to: "all") ? nil : Self.code(FieldReading.grade(field))
        case .date: Self.code(FieldReading.date(field))
        case .group: Self.code(spellings.group(field))
        // No student layout has a text or a document; its identifier is replaced and never comes here.
        case .text, .document, .studentIdentifier: .unknownChoice
        }
    }

    private static func code<Value>(_ reading: Reading<Value>) -> RejectionCode? {
        if case .fault(let code) = reading { code } else { nil }
    }

    /// Appends the ledger's replacement for an invalid field.
    static func append(_ code: RejectionCode, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "?"))
        text.append(contentsOf: code.rawValue.utf8)
    }

    /// The code of a masked field; nil if the field is not masked.
    static func code(of field: Span<UInt8>) -> RejectionCode? {
        guard field.count > 1, field[0] == UInt8(ascii: "?") else { return nil }
        return RejectionCode(rawValue: field.extracting(1..<field.count).text)
    }
}
