import Messages
import Rules
import Tables

/// What a column of a student's row may hold.
///
/// A field that holds anything else may hold an identifier or a name, as in a file whose columns are shifted, and is
/// masked before it enters the ledger, which is kept for ever: its shape stays, so that validation refuses it for the
/// same reason.
struct FieldMask: Sendable {
    private let kind: Column.Kind
    private var spellings = GroupSpellings()

    init(_ column: Column) {
        // A race may have any published spelling of its group.
        kind = column.name == "race" ? .group : column.kind
    }

    /// Whether the column may hold the field as it is; an empty one it may.
    mutating func admits(_ field: Span<UInt8>) -> Bool {
        guard field.count > 0 else { return true }
        return switch kind {
        case .year: Self.holds(FieldReading.year(field))
        case .code8: Self.holds(FieldReading.code(field))
        case .integer(let bounds): Self.holds(FieldReading.integer(field, bounds))
        case .decimal(let bounds): Self.holds(FieldReading.decimal(field, bounds))
        case .choice(let words, let synonyms):
            Self.holds(FieldReading.choice(field, words)) || (!synonyms.isEmpty && synonyms[field.text] != nil)
        case .yesNo: Self.holds(FieldReading.yesNo(field))
        case .grade: Self.holds(FieldReading.grade(field)) || field.isEqual(to: "all")
        case .date: Self.holds(FieldReading.date(field))
        case .group: Self.holds(spellings.group(field))
        // No student layout has a text; its identifier is replaced and never comes here.
        case .text, .studentIdentifier: false
        }
    }

    private static func holds<Value>(_ reading: Reading<Value>) -> Bool {
        if case .fault = reading { false } else { true }
    }

    /// Appends a field's shape: digits become 9, signs and points stay, anything else becomes a question mark.
    static func append(masking field: Span<UInt8>, to text: inout [UInt8]) {
        for index in field.indices {
            switch field[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): text.append(UInt8(ascii: "9"))
            case UInt8(ascii: "-"), UInt8(ascii: "."): text.append(field[index])
            default: text.append(UInt8(ascii: "?"))
            }
        }
    }
}
