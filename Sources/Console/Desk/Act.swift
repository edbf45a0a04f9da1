internal import Operating

/// Something that a person can do in the console: what it asks for, who may, and the command that it is.
struct Act: Sendable {
    /// What it asks for.
    struct Field: Sendable {
        let label: String
        let hint: String
        let parameter: QueryParameter
        let isRequired: Bool

        init(_ name: String, _ label: String, _ form: QueryParameter.Form, hint: String = "", isRequired: Bool = true) {
            self.label = label
            self.hint = hint
            self.isRequired = isRequired
            parameter = QueryParameter(name, label, form)
        }
    }

    /// What somebody filled in, by the names of the fields.
    typealias Values = [String: String]

    /// Its name in addresses.
    let name: String
    let title: String
    /// What it does, and whether that can be taken back.
    let about: String
    /// What the button says that does it.
    let verb: String
    /// The least role that may.
    let needs: Role
    let fields: [Field]
    /// How long it may take.
    let timeout: Duration
    /// Whether the command says who does it.
    let namesPerson: Bool
    /// Whether another person than the one who prepared it confirms it.
    let needsSecondPerson: @Sendable (Values) -> Bool
    /// The command that shows what it would change; nil where there is none.
    let preview: (@Sendable (Values) -> [String])?
    /// The command that it is.
    let command: @Sendable (Values) -> [String]

    init(
        _ name: String,
        _ title: String,
        verb: String,
        about: String,
        needs: Role,
        fields: [Field] = [],
        timeout: Duration = .seconds(180),
        namesPerson: Bool = true,
        needsSecondPerson: @escaping @Sendable (Values) -> Bool = { _ in false },
        preview: (@Sendable (Values) -> [String])? = nil,
        command: @escaping @Sendable (Values) -> [String]
    ) {
        self.name = name
        self.title = title
        self.verb = verb
        self.about = about
        self.needs = needs
        self.fields = fields
        self.timeout = timeout
        self.namesPerson = namesPerson
        self.needsSecondPerson = needsSecondPerson
        self.preview = preview
        self.command = command
    }

    /// The arguments of the program, with the person: an option and its value are one word, so that no value is taken
    /// for another option.
    func arguments(_ values: Values, by person: String) -> [String] {
        command(values) + (namesPerson ? ["--by=\(person)", "--from-console"] : [])
    }

    /// What is wrong with what was filled in, by the names of the fields.
    func faults(_ values: Values) -> [String: String] {
        var faults: [String: String] = [:]
        for field in fields {
            let name = field.parameter.name
            guard let value = values[name] else {
                if field.isRequired { faults[name] = "\(field.label): this is needed" }
                continue
            }
            do throws(Problem) {
                try field.parameter.check(value)
            } catch {
                faults[name] = error.detail.replacing("the parameter '\(name)' takes", with: "\(field.label) takes")
            }
        }
        return faults
    }

    /// Where its form is.
    var address: String { "/acts/\(name)" }
}
