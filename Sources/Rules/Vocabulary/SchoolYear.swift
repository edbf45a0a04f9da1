/// A school year, named by its spring: 2018-19 is 2019.
public enum SchoolYear {
    /// The years that files, keys and commands may name.
    public static let range = 2000...2100

    /// The school year that a text of four digits names; nil where it is none of ``range``.
    public static func named(_ text: some StringProtocol) -> Int? {
        let digits = text.utf8
        guard digits.count == 4, digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let year = Int(text), range.contains(year)
        else { return nil }
        return year
    }

    /// A school year as reports write it: 2019 is `2018-19`.
    public static func title(_ year: Int) -> String { "\(year - 1)-\(year % 100 < 10 ? "0" : "")\(year % 100)" }
}
