/*
 * Prints the gate's answer to every combination of reader, roles, grant, collection, action,
 * marking and end, one a line, for gate_oracle.py to compare with its own. Real objects, a real
 * database, the public interface; no table of this program says what the answer should be.
 */
#include "fixture.h"

#include "base/vec.h"
#include "memo/redact.h"

#define STATEMENT "marking-definition--5e57c739-391a-4eb3-b6be-000000000001"
#define IEP "marking-definition--5e57c739-391a-4eb3-b6be-000000000002"
#define FOREIGN "marking-definition--5e57c739-391a-4eb3-b6be-00000000000f"
#define REF(id) "\"object_marking_refs\":[\"" id "\"],"
#define GRANULAR(id) \
	"\"granular_markings\":[{\"marking_ref\":\"" id "\",\"selectors\":[\"type\"]}],"
#define GREEN_2 "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define CLEAR_2 "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
#define RED_2 "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"

static const struct {
	const char *word, *json;
} markings[] = {
	{"none", ""},
	{"clear", REF(CLEAR_2)},
	{"green", REF(GREEN_2)},
	{"amber", REF("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421")},
	{"amber+strict", REF("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003")},
	{"red", REF(RED_2)},
	{"tlp1-white", REF("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9")},
	{"tlp1-green", REF("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da")},
	{"tlp1-amber", REF("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82")},
	{"tlp1-red", REF("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed")},
	{"unknown", REF(FOREIGN)},
	{"statement", REF(STATEMENT)},
	{"other-kind", REF(IEP)},
	{"clear&statement", REF(CLEAR_2 "\",\"" STATEMENT)},
	{"clear&green", REF(CLEAR_2 "\",\"" GREEN_2)},
	{"clear&unknown", REF(CLEAR_2 "\",\"" FOREIGN)},
	{"part-clear", GRANULAR(CLEAR_2)},
	{"part-green", GRANULAR(GREEN_2)},
	{"part-red", GRANULAR(RED_2)},
	{"clear&part-green", REF(CLEAR_2) GRANULAR(GREEN_2)},
	{"clear&part-red", REF(CLEAR_2) GRANULAR(RED_2)},
};
enum { MARKINGS = sizeof markings / sizeof *markings };

/* Ends besides one of each marking. */
enum { END_ABSENT = MARKINGS, END_HOME, END_ERROR, END_LINK, END_SIGHTING, END_TRANSLATION, ENDS };
static const char *const end_words[] = {
	"absent", "at-home", "error", "link", "sighting", "translation"};
static const char *const end_types[] = {
	"malware", "malware", "malware", "relationship", "sighting", "language-content"};

/* %s: the end's id. The object's own markings come in between. */
static const struct {
	const char *word, *type, *json;
} forms[] = {
	{"alone", "indicator",
		"\"pattern\":\"[url:value='http://a.example/']\",\"pattern_type\":\"stix\""},
	{"source", "relationship",
		"\"relationship_type\":\"uses\",\"target_ref\":\""
		"malware--00000000-0000-4000-8000-0000000000ff"
		"\",\"source_ref\":\"%s\""},
	{"target", "relationship",
		"\"relationship_type\":\"uses\",\"source_ref\":\""
		"malware--00000000-0000-4000-8000-0000000000ff"
		"\",\"target_ref\":\"%s\""},
	{"sighting", "sighting", "\"sighting_of_ref\":\"%s\""},
	{"observed", "sighting",
		"\"sighting_of_ref\":\"malware--00000000-0000-4000-8000-0000000000ff\","
		"\"observed_data_refs\":[\"malware--00000000-0000-4000-8000-0000000000ff\",\"%"
		"s\"]"},
	{"where", "sighting",
		"\"sighting_of_ref\":\"malware--00000000-0000-4000-8000-0000000000ff\","
		"\"where_sighted_refs\":[\"%s\"]"},
	{"translation", "language-content",
		"\"object_ref\":\"%s\",\"contents\":{\"ja\":{\"name\":\"x\"}}"},
};
enum { FORMS = sizeof forms / sizeof *forms };

static const unsigned role_sets[] = {ROLE_READER, ROLE_ANALYST, ROLE_RELEASER, ROLE_OFFICER,
	ROLE_AUDITOR, ROLE_ADMIN, ROLE_AUDITOR | ROLE_ADMIN, ROLE_AUDITOR | ROLE_READER};

struct sample {
	struct span text; /* the object */
	struct facts facts;
	char label[64]; /* form, marking, end */
};

struct samples {
	vec_of(struct sample) all;
	struct facts of_marking[MARKINGS]; /* as ends: ids carry the number */
	struct arena a;
};

static const struct stix_object *
find_marking(void *ctx, struct span id)
{
	struct stix_object *known = ctx;
	for (size_t i = 0; i < 2; i++)
		if (span_eq(known[i].id, id))
			return &known[i];
	return NULL;
}

static const struct stix_resolver *
resolver(void)
{
	static const char *const texts[] = {
		"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" STATEMENT
		"\",\"created\":\"2020-01-01T00:00:00.000Z\",\"definition_type\":\"statement\","
		"\"definition\":{\"statement\":\"c\"}}",
		"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" IEP
		"\",\"created\":\"2020-01-01T00:00:00.000Z\",\"definition_type\":\"iep\","
		"\"definition\":{\"iep\":\"x\"}}"};
	static struct stix_object known[2];
	static const struct stix_resolver r = {find_marking, known};
	for (size_t i = 0; i < 2; i++)
		if (!known[i].doc)
			assert_rc(stix_read(span_of(texts[i]), &known[i], NULL), RC_OK);
	return &r;
}

static struct facts
read_facts(struct span text)
{
	own_stix struct stix_object o = {};
	struct diag why = {};
	if (stix_read(text, &o, &why) != RC_OK)
		fail_msg("%.*s: %s", (int)text.len, text.ptr, why.what);
	struct facts f = facts_of(&o, resolver());
	/* As it comes back from the three bytes that are kept. */
	return facts_kept(f.class, f.tlp, f.privacy);
}

static struct span
object(struct samples *s, size_t form, size_t marking, size_t end)
{
	own_buf struct buf id = {};
	buf_printf(&id, "%s--00000000-0000-4000-8000-%012x",
		end < MARKINGS ? "malware" : end_types[end - MARKINGS], (unsigned)end);
	own_buf struct buf body = {};
	const char *hole = strstr(forms[form].json, "%s");
	buf_add(&body, span_sub(span_of(forms[form].json), 0,
			       hole ? (size_t)(hole - forms[form].json) : SIZE_MAX));
	if (hole) {
		buf_add(&body, buf_span(&id));
		buf_add(&body, span_of(hole + 2));
	}
	return arena_printf(&s->a,
		"{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s--11111111-0000-4000-8000-"
		"000000000001\","
		"\"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":\"2020-01-01T00:00:00."
		"000Z\",%s%.*s}",
		forms[form].type, forms[form].type, markings[marking].json, (int)body.len,
		body.ptr);
}

static void
make_samples(struct samples *s)
{
	for (size_t form = 0; form < FORMS; form++) {
		for (size_t m = 0; m < MARKINGS; m++) {
			for (size_t end = 0; end < (form == 0 ? 1 : (size_t)ENDS); end++) {
				struct sample one = {.text = object(s, form, m, end)};
				one.facts = read_facts(one.text);
				snprintf(one.label, sizeof one.label, "%s\t%s\t%s",
					forms[form].word, markings[m].word,
					form == 0	 ? "-"
					: end < MARKINGS ? markings[end].word
							 : end_words[end - MARKINGS]);
				*vec_add(&s->all) = one;
				if (form == 0)
					s->of_marking[m] = one.facts;
			}
		}
	}
}

/* Ends' ids end in their number; 0xff is one that everybody may have. */
static enum rc
find_end(void *ctx, struct span id, struct facts *out)
{
	const struct samples *s = ctx;
	unsigned number;
	own_buf struct buf text = {};
	buf_add(&text, span_sub(id, id.len - 4, 4));
	buf_add_byte(&text, 0);
	assert_int_equal(sscanf(text.ptr, "%x", &number), 1);
	*out = s->of_marking[1]; /* clear */
	if (number < MARKINGS)
		*out = s->of_marking[number];
	else if (number == END_ABSENT)
		return RC_NONE;
	else if (number == END_HOME)
		out->flags |= FACTS_NEVER_LEAVES;
	else if (number == END_ERROR)
		return RC_IO;
	return RC_OK;
}

/* ---- every pass, every object ---- */

struct question {
	struct release_ask ask;
	size_t stride; /* every so many objects */
	char label[96];
};

static void
print_all(struct fixture *f, struct samples *s, const struct question *q)
{
	static const struct mac_key key = {{7}};
	own_pass struct pass *made = NULL, *pass = NULL;
	own_buf struct buf packed = {};
	struct diag why = {};
	struct facts_source ends = {find_end, s};
	enum rc code = memo_release(f->s, &q->ask, &made, &why);
	if (code == RC_DENIED || code == RC_BAD) {
		int step = 0;
		sscanf(why.where, "gate step %d", &step);
		printf("%s\t*\t*\t*\tdeny\t%d\t%s\n", q->label, step, code == RC_BAD ? "bad" : "");
		return;
	}
	assert_rc(code, RC_OK);
	pass_pack(made, &key, &packed);
	assert_rc(pass_unpack(buf_span(&packed), &key, &pass, NULL), RC_OK);
	for (size_t i = 0; i < s->all.len; i += q->stride) {
		const struct sample *one = &s->all.at[i];
		bool yes = pass_object(pass, one->facts, one->text, &ends);
		struct gate_verdict v = pass_decide(pass, one->facts);
		assert_true(v.permit || !yes);
		printf("%s\t%s\t%s\t%d\t%.*s\n", q->label, one->label, yes ? "permit" : "deny",
			v.permit && !yes ? 0 : (int)v.step,
			v.permit && !yes ? 0 : (int)v.clause.len, v.clause.ptr);
	}
}

static void
ask_all(struct fixture *f, struct samples *s, struct reader to, const char *who, size_t stride)
{
	for (int home = 0; home < 2; home++) {
		for (enum gate_action action = GATE_SEND; action <= GATE_KEEP; action++) {
			struct question q = {
				.ask = {.to = to,
					.from = {SPAN(COLLECTION), SPAN("shared"), home == 1},
					.action = action,
					.now = noon},
				.stride = stride};
			snprintf(q.label, sizeof q.label, "%s\t%s\t%s", who,
				home ? "home" : "shared", gate_action_word(action));
			print_all(f, s, &q);
		}
	}
}

static void
ask_users(struct fixture *f, struct samples *s)
{
	for (size_t r = 0; r < sizeof role_sets / sizeof *role_sets; r++) {
		for (enum grant g = GRANT_NONE; g <= GRANT_BOTH; g++) {
			own_buf struct buf roles = {};
			char name[32], party[32], who[96];
			roles_text(role_sets[r], &roles);
			snprintf(name, sizeof name, "u%zu-%d", r, (int)g);
			snprintf(party, sizeof party, "p%zu-%d.example", r, (int)g);
			struct user u = {.name = span_of(name),
				.roles = role_sets[r],
				.party = span_of(party)};
			assert_rc(user_add(f->s, clock_system(), &u, NULL), RC_OK);
			assert_rc(grant_set(f->s, SPAN(COLLECTION), u.name, g, NULL), RC_OK);
			/* A grant elsewhere opens nothing here. */
			assert_rc(grant_set(f->s, SPAN(OTHER_COLLECTION), u.name, GRANT_BOTH, NULL),
				RC_OK);
			snprintf(who, sizeof who, "user\t%.*s\t%s", (int)roles.len, roles.ptr,
				grant_word(g));
			ask_all(f, s, (struct reader){READER_USER, u.name}, who, r == 0 ? 1 : 17);
			memcpy(who, "part", 4);
			snprintf(who, sizeof who, "party\t%.*s\t%s", (int)roles.len, roles.ptr,
				grant_word(g));
			ask_all(f, s, (struct reader){READER_PARTY, u.party}, who, r == 0 ? 1 : 17);
		}
	}
}

/* ---- objects of which only parts are kept back ---- */

#define AUTHOR "identity--99999999-0000-4000-8000-000000000099"
#define PART(mark, selectors) "{\"marking_ref\":\"" mark "\",\"selectors\":[" selectors "]}"
#define UNKNOWN "marking-definition--5e57c739-391a-4eb3-b6be-00000000000f"
#define AMBER_1 "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
#define AMBER_2 "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define Q(name) "\"" name "\""
#define LANG "{\"lang\":\"de\",\"selectors\":[\"name\",\"labels.[1]\"]}"

static const char *const parts[] = {
	"",
	PART(RED_2, Q("description")),
	PART(RED_2, Q("description") "," Q("name")),
	PART(GREEN_2, Q("description")),
	PART(AMBER_1, Q("description")) "," PART(CLEAR_2, Q("name")),
	PART(RED_2, Q("description")) "," PART(GREEN_2, Q("name")),
	PART(UNKNOWN, Q("description")),
	PART(STATEMENT, Q("description")),
	PART(IEP, Q("labels")),
	PART(RED_2, Q("labels.[1]")) "," LANG,
	PART(RED_2, Q("external_references.[0].url")) "," PART(
		GREEN_2, Q("external_references.[1].source_name")),
	PART(RED_2, Q("x_tree.left.leaf")),
	PART(RED_2, Q("x_tree.left")) "," PART(GREEN_2, Q("x_tree.left.leaf")),
	PART(RED_2, Q("x_tree.left.leaf") "," Q("x_tree.right")),
	PART(RED_2, Q("pattern")),
	PART(RED_2, Q("valid_from")),
	PART(RED_2, Q("created_by_ref")),
	PART(RED_2, Q("id")),
	PART(RED_2, Q("modified")),
	PART(RED_2, Q("object_marking_refs")),
	PART(RED_2, Q("description") "," Q("pattern")),
	PART(RED_2, Q("relationship_type")),
	PART(RED_2, Q("target_ref")),
	LANG,
};

static const char *const wholes[] = {"", REF(CLEAR_2), REF(GREEN_2), REF(AMBER_2), REF(RED_2),
	REF(UNKNOWN), REF(STATEMENT), REF(CLEAR_2 "\",\"" STATEMENT)};

#define BODY \
	"\"created_by_ref\":\"identity--11111111-0000-4000-8000-000000000007\"," \
	"\"labels\":[\"a\",\"b\"],\"description\":\"d\",\"x_tree\":{\"left\":{\"leaf\":1}," \
	"\"right\":2},\"external_references\":[{\"source_name\":\"s\",\"url\":\"http://a.example/" \
	"\"},{\"source_name\":\"t\",\"description\":\"u\"}],"

/* The last is a relationship to the end of each number. */
static struct span
partly_marked(struct samples *s, const char *whole, const char *marks, int end)
{
	const char *type = end < 0 ? "indicator" : "relationship";
	own_buf struct buf granular = {}, rest = {};
	if (*marks)
		buf_printf(&granular, "\"granular_markings\":[%s],", marks);
	buf_add_byte(&granular, 0);
	if (end < 0)
		buf_printf(&rest,
			"\"name\":\"n\",\"pattern\":\"[url:value='http://a.example/']\","
			"\"pattern_type\":\"stix\",\"valid_from\":\"2020-01-01T00:00:00Z\"");
	else
		buf_printf(&rest,
			"\"relationship_type\":\"uses\",\"source_ref\":\"malware--00000000-0000-"
			"4000-8000-0000000000ff\",\"target_ref\":\"malware--00000000-0000-4000-"
			"8000-%012x\"",
			(unsigned)end);
	buf_add_byte(&rest, 0);
	return arena_printf(&s->a,
		"{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s--11111111-0000-4000-8000-"
		"000000000001\",\"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":\"2020-01-02T"
		"00:00:00.000Z\"," BODY "%s%s%s}",
		type, type, whole, granular.ptr, rest.ptr);
}

static void
print_redacted(struct samples *s, const struct pass *pass, const char *who, struct span text)
{
	own_stix struct stix_object o = {};
	own_buf struct buf out = {};
	struct facts facts, own;
	struct facts_source ends = {find_end, s};
	const struct redact_ask ask = {pass, resolver(), &ends, SPAN(AUTHOR), false};
	if (stix_read(text, &o, NULL) != RC_OK)
		return;
	own = facts_of(&o, resolver());
	enum rc code = redact_object(&ask, &o, &out, &facts);
	if (code == RC_OK)
		assert_true(pass_permits(pass, facts));
	printf("redact\t%s\t%.*s\t%s\t%.*s\n", who, (int)text.len, text.ptr,
		pass_object(pass, own, text, &ends) ? "permit" : "deny",
		code == RC_OK ? (int)out.len : 1,
		code == RC_OK	  ? out.ptr
		: code == RC_NONE ? "="
				  : "-");
}

static void
redact_all(struct fixture *f, struct samples *s, struct reader to, const char *who)
{
	own_pass struct pass *pass = NULL;
	struct release_ask ask = {.to = to,
		.from = {SPAN(COLLECTION), SPAN("shared"), false},
		.action = GATE_EXPORT,
		.now = noon};
	assert_rc(memo_release(f->s, &ask, &pass, NULL), RC_OK);
	for (size_t w = 0; w < sizeof wholes / sizeof *wholes; w++) {
		for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
			print_redacted(s, pass, who, partly_marked(s, wholes[w], parts[p], -1));
			for (int end = 0; end < END_LINK; end += w ? 3 : 1)
				print_redacted(
					s, pass, who, partly_marked(s, wholes[w], parts[p], end));
		}
	}
}

int
main(void)
{
	void *state = NULL;
	struct samples s = {};
	assert_int_equal(open_fixture(&state), 0);
	struct fixture *f = state;
	make_samples(&s);
	ask_all(f, &s, (struct reader){READER_SELF, {}}, "self\t-\tnone", 1);
	ask_users(f, &s);
	ask_all(f, &s, (struct reader){READER_USER, SPAN("nobody")}, "nobody\t-\tnone", 1);
	ask_all(f, &s, (struct reader){READER_PARTY, SPAN("nobody.example")}, "nobody\t-\tnone", 1);
	ask_all(f, &s, (struct reader){READER_PUBLIC, {}}, "public\t-\tnone", 1);
	assert_rc(grant_set(f->s, SPAN(COLLECTION), SPAN("public"), GRANT_READ, NULL), RC_OK);
	ask_all(f, &s, (struct reader){READER_PUBLIC, {}}, "public\t-\tread", 1);
	redact_all(f, &s, (struct reader){READER_USER, SPAN("u0-1")}, "user");
	redact_all(f, &s, (struct reader){READER_PUBLIC, {}}, "public");
	redact_all(f, &s, (struct reader){READER_SELF, {}}, "self");
	free(s.all.at);
	arena_fini(&s.a);
	return close_fixture(&state);
}
