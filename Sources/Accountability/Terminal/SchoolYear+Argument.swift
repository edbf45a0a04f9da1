internal import ArgumentParser
internal import Rules

extension SchoolYear {
    /// Refuses an argument that is no school year.
    static func validate(_ year: Int) throws {
        guard range.contains(year) else {
            throw ValidationError(
                "\(year) is not a school year: write the four digits of its spring, 2000 to 2100; 2018-19 is 2019"
            )
        }
    }
}
