internal import Operating

/// An action that a person can carry out in the console: its form, the role that it needs, and its command.
struct Act: Sendable {
    /// A field of the form.
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

    /// The filled-in values, by field name.
    typealias Values = [String: String]

    /// The name in addresses.
    let name: String
    let title: String
    /// What the act does, and whether it can be undone.
    let about: String
    /// The text of the button that carries it out; empty for a trial.
    let verb: String
    /// The lowest role that may carry it out.
    let needs: Role
    let fields: [Field]
    /// Finds mistakes in values that do not fit together, by field name.
    let conflicts: @Sendable (Values) -> [String: String]
    /// The time limit of the command.
    let timeout: Duration
    /// Whether the command takes the person's name.
    let namesPerson: Bool
    /// Whether someone other than the person who prepared the act must confirm it.
    let needsSecondPerson: @Sendable (Values) -> Bool
    /// The command that shows what the act would change; nil if there is none.
    let preview: (@Sendable (Values) -> [String])?
    /// The command that carries out the act; nil for a trial, which only shows what would change.
    let command: (@Sendable (Values) -> [String])?
    /// The file that the commands get, made from the values; nil if they need none.
    let document: (@Sendable (Values, ConsoleTables) throws(Problem) -> FormData.File)?

    init(
        _ name: String,
        _ title: String,
        verb: String,
        about: String,
        needs: Role,
        fields: [Field] = [],
        conflicts: @escaping @Sendable (Values) -> [String: String] = { _ in [:] },
        timeout: Duration = .seconds(180),
        namesPerson: Bool = true,
        needsSecondPerson: @escaping @Sendable (Values) -> Bool = { _ in false },
        preview: (@Sendable (Values) -> [String])? = nil,
        document: (@Sendable (Values, ConsoleTables) throws(Problem) -> FormData.File)? = nil,
        command: (@Sendable (Values) -> [String])?
    ) {
        self.name = name
        self.title = title
        self.verb = verb
        self.about = about
        self.needs = needs
        self.fields = fields
        self.conflicts = conflicts
        self.timeout = timeout
        self.namesPerson = namesPerson
        self.needsSecondPerson = needsSecondPerson
        self.preview = preview
        self.document = document
        self.command = command
    }

    /// Whether it only shows what would change.
    var isTrial: Bool { command == nil }

    /// The arguments of the program, including the person.
    ///
    /// An option and its value are one word, so that no value can be mistaken for another option.
    func arguments(_ values: Values, by person: String) -> [String] {
        (command?(values) ?? []) + (namesPerson ? ["--by=\(person)", "--from-console"] : [])
    }

    /// The mistakes in the filled-in values, by field name.
    func faults(_ values: Values) -> [String: String] {
        var faults = conflicts(values)
        for name in values.keys where !fields.contains(where: { $0.parameter.name == name }) {
            let known = fields.map(\.parameter.name).joined(separator: ", ")
            faults[RequestTarget.shown(name)] =
                known.isEmpty ? "this act has no fields" : "there is no such field; the fields are \(known)"
        }
        for field in fields {
            let name = field.parameter.name
            guard let value = values[name] else {
                if field.isRequired { faults[name] = "\(field.label): this field is required" }
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

    /// The page of the navigation that it belongs to.
    var place: PagePlace { isTrial ? .frameworks : name == Acts.upload.name ? .upload : .release }

    /// The address of its form.
    var address: String { "/acts/\(name)" }
}
