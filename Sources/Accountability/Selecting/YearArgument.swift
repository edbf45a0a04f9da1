internal import ArgumentParser
internal import Rules

/// The school year that a command is about.
struct YearArgument: ParsableArguments {
    @Argument(help: "The school year, by its spring: 2018-19 is 2019.")
    var year: Int

    func validate() throws { try SchoolYear.validate(year) }
}

/// The school year that a command can be narrowed to.
struct OptionalYearArgument: ParsableArguments {
    @Argument(help: "The school year, by its spring; all when none is named.")
    var year: Int?

    func validate() throws {
        if let year { try SchoolYear.validate(year) }
    }
}
