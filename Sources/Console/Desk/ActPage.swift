internal import Foundation
internal import Messages
internal import Operating
internal import Reading

/// The page with the form of an act.
enum ActPage {
    /// Shows the form.
    ///
    /// A link can fill in fields.
    static func show(_ act: Act, _ call: DeskRoute.Call) throws -> DeskRoute.Reply {
        var values = call.query
        if act.fields.contains(where: { $0.parameter.name == "date" }), values["date"] == nil {
            values["date"] = String(Date().ISO8601Format().prefix(10))
        }
        return try page(act, call, values, faults: [:])
    }

    /// Takes the form.
    ///
    /// Nothing is done yet.
    static func take(_ act: Act, _ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        var values: Act.Values = [:]
        for field in act.fields { values[field.parameter.name] = call.form?[field.parameter.name] }
        let (id, faults) = try await begin(act, values, call)
        guard let id else { return try page(act, call, values, faults: faults) }
        return .seeOther(ErrandPage.address(id))
    }

    /// Begins an act with the values of a form, or of a request of the API.
    ///
    /// - Returns: its id; or nil and the mistakes, by field name.
    static func begin(_ act: Act, _ values: Act.Values, _ call: DeskRoute.Call) async throws -> (
        id: String?, faults: [String: String]
    ) {
        let account = try call.account(act.needs)
        var faults = act.faults(values)
        if let id = values["submission"], faults["submission"] == nil {
            faults["submission"] = fault(of: id, act, call.tables, account)
        }
        guard faults.isEmpty else { return (nil, faults) }
        // A text that is left empty says nothing.
        let said = values.filter { !$0.value.isEmpty }
        guard let document = act.document else { return (try await call.desk.errands.begin(act, said, account), [:]) }
        let file: FormData.File
        do throws(Problem) {
            file = try document(said, call.tables)
        } catch {
            guard error.status == 422, let name = act.fields.first?.parameter.name else { throw error }
            return (nil, [name: error.detail])
        }
        let kept = try await call.desk.errands.keep(file)
        do throws(Problem) {
            return (try await call.desk.errands.begin(act, said, account, file: kept), [:])
        } catch {
            await call.desk.errands.drop(kept)
            throw error
        }
    }

    /// Why an act about a submission is not allowed; nil if it is allowed.
    ///
    /// The console always requires a second person here, whether or not the framework does.
    private static func fault(of id: String, _ act: Act, _ tables: ConsoleTables, _ account: Account) -> String? {
        guard tables.view.submissions.contains(where: { $0.submission == id }) else {
            return "Submission: there is no submission with this name; the page Files lists them"
        }
        guard [Acts.approve.name, Acts.reject.name].contains(act.name) else { return nil }
        guard let held = tables.view.held.first(where: { $0.id == id }) else {
            return "Submission: it does not wait for an approval"
        }
        return held.header.submittedBy.lowercased() == account.name
            ? "Submission: you submitted it yourself, so another person decides about it" : nil
    }

    private static func page(
        _ act: Act,
        _ call: DeskRoute.Call,
        _ values: Act.Values,
        faults: [String: String]
    ) throws -> DeskRoute.Reply {
        let fields = act.fields.map { field in
            Self.context(field, values[field.parameter.name], faults[field.parameter.name])
        }
        let wrong = act.fields.compactMap { field in
            faults[field.parameter.name].map { ["id": "f-\(field.parameter.name)", "what": $0] }
        }
        let context: [String: Any] = [
            "action": act.address, "token": call.frame.token, "fields": fields,
            "faults": wrong.isEmpty ? false as Any : ["list": wrong],
            "button": act.preview == nil ? "Go on" : "See what it would change",
        ]
        let page = Page(title: act.title, place: act.place, lead: act.about)
        return .page(try page.html(call.tables, "act", context), status: faults.isEmpty ? 200 : 422)
    }

    private static func context(_ field: Act.Field, _ value: String?, _ fault: String?) -> [String: Any] {
        let name = field.parameter.name
        let described = [field.hint.isEmpty ? nil : "f-\(name)-hint", fault == nil ? nil : "f-\(name)-fault"]
            .compactMap { $0 }.joined(separator: " ")
        var context: [String: Any] = [
            "id": "f-\(name)", "name": name, "label": field.label, "required": field.isRequired,
            "hint": field.hint.isEmpty ? false as Any : field.hint, "fault": fault ?? false as Any,
            "described": described.isEmpty ? false as Any : described, "optional": !field.isRequired,
        ]
        if case .choice(let words) = field.parameter.form {
            context["choice"] = [
                "options": words.map {
                    ["value": $0, "word": Words.title($0), "selected": $0 == value] as [String: Any]
                }
            ]
            context["input"] = false
        } else {
            context["input"] = ["value": value ?? ""]
            context["choice"] = false
        }
        return context
    }
}
