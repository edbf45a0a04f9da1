/// Text as a cell of a CSV file that somebody opens in a spreadsheet.
public enum SpreadsheetCell {
    /// The text with an apostrophe before it where a spreadsheet would take it for a formula: names and reasons come
    /// from outside.
    public static func inert(_ text: String) -> String {
        guard let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) else { return text }
        return "'" + text
    }
}
