// SPDX-License-Identifier: Apache-2.0
// Command lines by option tables.
#include "base/options.h"

#include <stdlib.h>

#include "base/nearest.h"

#define WHERE_BYTES 96

// The state of one parse.
struct parser {
    struct ed_arguments *out;
    const struct ed_option_set *set;
    size_t capacity;
    const char *const *next, *const *end; // arguments still to be read
};

static const struct ed_option *find_name(const struct ed_option_set *set, const char *name, size_t length) {
    for (size_t t = 0; t < set->n_tables; t++)
        for (size_t i = 0; i < set->counts[t]; i++) {
            const struct ed_option *option = &set->tables[t][i];
            if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
                return option;
        }
    return NULL;
}

static const struct ed_option *find_letter(const struct ed_option_set *set, char letter) {
    for (size_t t = 0; t < set->n_tables; t++)
        for (size_t i = 0; i < set->counts[t]; i++)
            if (set->tables[t][i].letter != 0 && set->tables[t][i].letter == letter)
                return &set->tables[t][i];
    return NULL;
}

// Whether `argument` would itself be read as a flag of this set.
static bool is_known_flag(const struct ed_option_set *set, const char *argument) {
    if (argument[0] != '-' || argument[1] == '\0')
        return false;
    if (argument[1] != '-')
        return find_letter(set, argument[1]) || find_name(set, argument + 1, strcspn(argument + 1, "="));
    return argument[2] == '\0' || find_name(set, argument + 2, strcspn(argument + 2, "="));
}

static enum ed_status fail_unknown(const struct ed_option_set *set, const char *where, const char *name,
                                   size_t length, struct ed_error *err) {
    char word[65];
    const char *near = NULL;
    size_t total = 0, n = 0;

    for (size_t t = 0; t < set->n_tables; t++)
        total += set->counts[t];
    const char **known = calloc(total + 1, sizeof *known);
    if (known && length < sizeof word) {
        memcpy(word, name, length);
        word[length] = '\0';
        for (size_t t = 0; t < set->n_tables; t++)
            for (size_t i = 0; i < set->counts[t]; i++)
                if (!(set->tables[t][i].flags & ED_OPTION_HIDDEN))
                    known[n++] = set->tables[t][i].name;
        near = ed_nearest(word, known);
    }
    free(known);
    if (near)
        return ed_fail(err, ED_ERR_USAGE, where, "no such flag; did you mean --%s?", near);
    return ed_fail(err, ED_ERR_USAGE, where, "no such flag; --help lists all");
}

static enum ed_status add_value(struct parser *parser, const struct ed_option *option, const char *where,
                                const char *text, struct ed_error *err) {
    struct ed_arguments *out = parser->out;
    if (!(option->flags & ED_OPTION_REPEATABLE)) {
        for (size_t i = 0; i < out->n_values; i++)
            if (out->values[i].option == option) {
                if (option->type == ED_OPTION_FLAG)
                    return ed_fail(err, ED_ERR_USAGE, where, "given twice; give it once");
                return ed_fail(err, ED_ERR_USAGE, where,
                               "given twice (\"%.80s\" and \"%.80s\"); give it once%s", out->values[i].text,
                               text,
                               option->type == ED_OPTION_INT_LIST || option->type == ED_OPTION_LIST
                                   ? ", with commas between the values"
                                   : "");
            }
    }
    if (out->n_values == parser->capacity) {
        size_t capacity = parser->capacity ? parser->capacity * 2 : 16;
        struct ed_option_value *values = realloc(out->values, capacity * sizeof *values);
        if (!values)
            return ed_fail(err, ED_ERR_NO_MEMORY, where, "no memory for the command line");
        out->values = values;
        parser->capacity = capacity;
    }
    out->values[out->n_values++] = (struct ed_option_value){option, text};
    return ED_OK;
}

// A flag with `attached` ("=VALUE" or "VALUE" already without the '='; NULL: none) or with the next argument
// as its value.
static enum ed_status take_option(struct parser *parser, const struct ed_option *option, const char *where,
                                  const char *attached, struct ed_error *err) {
    if (option->type == ED_OPTION_FLAG) {
        if (attached)
            return ed_fail(err, ED_ERR_USAGE, where, "takes no value, and \"%.80s\" was given", attached);
        return add_value(parser, option, where, "", err);
    }
    const char *text = attached;
    if (!text) {
        const char *unit = option->unit && option->unit[0] != '\0' ? option->unit : "VALUE";
        if (parser->next == parser->end)
            return ed_fail(err, ED_ERR_USAGE, where, "a value is missing; write --%s %s", option->name, unit);
        text = *parser->next;
        if (is_known_flag(parser->set, text))
            return ed_fail(err, ED_ERR_USAGE, where,
                           "a value is missing before \"%.80s\"; where that is the value, write --%s=%.80s",
                           text, option->name, text);
        parser->next++;
    }
    enum ed_status status = ed_option_check(option, where, text, err);
    if (status)
        return status;
    return add_value(parser, option, where, text, err);
}

static enum ed_status take_long(struct parser *parser, const char *argument, size_t dashes,
                                struct ed_error *err) {
    const char *name = argument + dashes;
    size_t length = strcspn(name, "=");
    const char *attached = name[length] == '=' ? name + length + 1 : NULL;
    char where[WHERE_BYTES];

    snprintf(where, sizeof where, "%.*s", (int)(length + dashes < 80 ? length + dashes : 80), argument);
    const struct ed_option *option = find_name(parser->set, name, length);
    if (!option) {
        if (length == 1 && find_letter(parser->set, name[0]))
            return ed_fail(err, ED_ERR_USAGE, where, "no such flag; did you mean -%c?", name[0]);
        return fail_unknown(parser->set, where, name, length, err);
    }
    return take_option(parser, option, where, attached, err);
}

// Letters in one argument: flags, the last of which may take the rest, or the next argument, as its value.
static enum ed_status take_letters(struct parser *parser, const char *argument, struct ed_error *err) {
    char where[WHERE_BYTES];
    for (const char *p = argument + 1; *p != '\0'; p++) {
        const struct ed_option *option = find_letter(parser->set, *p);
        if (!option) {
            bool printable = *p > ' ' && *p <= '~';
            snprintf(where, sizeof where, "%.80s", argument);
            if (p == argument + 1 && p[1] != '\0')
                return fail_unknown(parser->set, where, p, strcspn(p, "="), err);
            if (p == argument + 1 || !printable)
                return ed_fail(err, ED_ERR_USAGE, where, "no such flag; --help lists all");
            return ed_fail(err, ED_ERR_USAGE, where, "no such flag -%c; --help lists all", *p);
        }
        snprintf(where, sizeof where, "-%c (--%.64s)", *p, option->name);
        if (option->type != ED_OPTION_FLAG) {
            const char *attached = p[1] == '\0' ? NULL : p[1] == '=' ? p + 2 : p + 1;
            return take_option(parser, option, where, attached, err);
        }
        enum ed_status status = take_option(parser, option, where, p[1] == '=' ? p + 2 : NULL, err);
        if (status)
            return status;
    }
    return ED_OK;
}

static enum ed_status take_argument(struct parser *parser, const char *argument, struct ed_error *err) {
    if (argument[1] == '-')
        return take_long(parser, argument, 2, err);
    size_t length = strcspn(argument + 1, "=");
    const struct ed_option *option = length > 1 ? find_name(parser->set, argument + 1, length) : NULL;
    if (option && length <= 3)
        return take_long(parser, argument, 1, err);
    if (option) {
        // Otherwise -device would be -d with the value "evice".
        char where[WHERE_BYTES];
        snprintf(where, sizeof where, "-%s", option->name);
        return ed_fail(err, ED_ERR_USAGE, where, "long flags have two dashes; write -%.80s", argument);
    }
    // Digits right behind such a name: -ngl0 would be read as -n with the value "gl0".
    size_t letters = strcspn(argument + 1, "0123456789");
    option = letters == 2 || letters == 3 ? find_name(parser->set, argument + 1, letters) : NULL;
    if (option && argument[1 + letters] != '\0' && option->type != ED_OPTION_FLAG)
        return ed_fail(err, ED_ERR_USAGE, argument, "-%s and its value are two words; write -%s %.80s",
                       option->name, option->name, argument + 1 + letters);
    return take_letters(parser, argument, err);
}

enum ed_status ed_arguments_parse(struct ed_arguments *arguments, const struct ed_option_set *set, int argc,
                                  const char *const *argv, struct ed_error *err) {
    enum ed_status status = ED_OK;
    memset(arguments, 0, sizeof *arguments);
    if (argc < 1)
        return ED_OK;
    struct parser parser = {arguments, set, 0, argv + 1, argv + argc};

    arguments->operands = calloc((size_t)argc, sizeof *arguments->operands);
    if (!arguments->operands)
        return ed_fail(err, ED_ERR_NO_MEMORY, NULL, "no memory for the command line");
    while (parser.next < parser.end && !status) {
        const char *argument = *parser.next++;
        if (strcmp(argument, "--") == 0) {
            while (parser.next < parser.end)
                arguments->operands[arguments->n_operands++] = *parser.next++;
        } else if (argument[0] == '-' && argument[1] != '\0') {
            status = take_argument(&parser, argument, err);
        } else {
            arguments->operands[arguments->n_operands++] = argument;
        }
    }
    if (status)
        ed_arguments_release(arguments);
    return status;
}

void ed_arguments_release(struct ed_arguments *arguments) {
    free(arguments->values);
    free(arguments->operands);
    memset(arguments, 0, sizeof *arguments);
}

const char *ed_arguments_get(const struct ed_arguments *arguments, const char *name) {
    for (size_t i = arguments->n_values; i-- > 0;)
        if (strcmp(arguments->values[i].option->name, name) == 0)
            return arguments->values[i].text;
    return NULL;
}

bool ed_arguments_has(const struct ed_arguments *arguments, const char *name) {
    return ed_arguments_get(arguments, name) != NULL;
}
