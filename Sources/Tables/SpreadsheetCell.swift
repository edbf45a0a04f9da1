/// Text as a cell of a CSV file that may be opened in a spreadsheet.
public enum SpreadsheetCell {
    /// The text, with a leading apostrophe if a spreadsheet would read it as a formula.
    ///
    /// Names and reasons come from outside.
    public static func inert(_ text: String) -> String {
        guard let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) else { return text }
        return "'" + text
    }
}
