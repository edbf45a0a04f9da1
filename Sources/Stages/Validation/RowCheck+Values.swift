import Messages
import Rules
import Tables

/// The values of a row's fields, each read as its column says.
///
/// A fault is noted, and so is an empty field that needs a value; the value is then nil.
extension RowCheck {
    mutating func integer(_ column: Int, _ line: Span<UInt8>) -> Int? {
        let reading = FieldReading.integer(field(column, line), bounds[column])
        return take(reading, column)
    }

    mutating func decimal(_ column: Int, _ line: Span<UInt8>) -> WrittenDecimal? {
        let reading = FieldReading.decimal(field(column, line), bounds[column])
        return take(reading, column)
    }

    mutating func yesNo(_ column: Int, _ line: Span<UInt8>) -> Bool? {
        let reading = FieldReading.yesNo(field(column, line))
        return take(reading, column)
    }

    mutating func code(_ column: Int, _ line: Span<UInt8>) -> OrganizationCode? {
        let reading = FieldReading.code(field(column, line))
        return take(reading, column)
    }

    mutating func grade(_ column: Int, _ line: Span<UInt8>) -> Int? {
        let reading = FieldReading.grade(field(column, line))
        return take(reading, column)
    }

    mutating func date(_ column: Int, _ line: Span<UInt8>) -> String? {
        let reading = FieldReading.date(field(column, line))
        return take(reading, column)
    }

    /// The number of the word in the column's list.
    ///
    /// A synonym counts as its word.
    mutating func choice(_ column: Int, _ line: Span<UInt8>) -> Int? {
        var reading = FieldReading.choice(field(column, line), words[column])
        if case .fault = reading, !synonyms[column].isEmpty,
            let word = synonyms[column][field(column, line).text], let index = words[column].firstIndex(of: word)
        {
            reading = .value(index)
        }
        return take(reading, column)
    }

    /// The word of the column's list; empty if there is none.
    mutating func word(_ column: Int, _ line: Span<UInt8>) -> String {
        choice(column, line).map { words[column][$0] } ?? ""
    }

    mutating func group(_ column: Int, _ line: Span<UInt8>) -> StudentGroup? {
        let reading = spellings.group(field(column, line))
        return take(reading, column)
    }

    /// A text; empty if there is none.
    mutating func text(_ column: Int, _ line: Span<UInt8>) -> String {
        let length = if case .text(let length) = columns[column].kind { length } else { 0 }
        let reading = FieldReading.text(field(column, line), length)
        return take(reading, column) ?? ""
    }

    /// A document; empty if there is none.
    mutating func document(_ column: Int, _ line: Span<UInt8>) -> String {
        let length = if case .document(let length) = columns[column].kind { length } else { 0 }
        let reading = FieldReading.document(field(column, line), length)
        return take(reading, column) ?? ""
    }
}
