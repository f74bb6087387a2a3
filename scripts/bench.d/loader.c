/* Loads a SavedModel as any C program does: dlopen, TF_LoadSessionFromSavedModel with default
 * options, and out.
 *
 *     loader LIBRARY [FRAMEWORK]           maps the library only
 *     loader LIBRARY FRAMEWORK FOLDER TAG  loads the model with this tag
 *
 * FRAMEWORK is the second half of a pip TensorFlow; "" where there is none. */
#include <dlfcn.h>
#include <stdio.h>

static void *needed(void *library, const char *name) {
    void *symbol = dlsym(library, name);
    if (symbol == NULL) fprintf(stderr, "the library lacks %s\n", name);
    return symbol;
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    if (count > 2 && arguments[2][0] != '\0' && dlopen(arguments[2], RTLD_LAZY | RTLD_LOCAL) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    void *library = dlopen(arguments[1], RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    if (count < 5) return 0;
    void *(*new_status)(void) = needed(library, "TF_NewStatus");
    void *(*new_graph)(void) = needed(library, "TF_NewGraph");
    void *(*new_options)(void) = needed(library, "TF_NewSessionOptions");
    void *(*load)(const void *, const void *, const char *, const char *const *, int, void *, void *, void *) =
        needed(library, "TF_LoadSessionFromSavedModel");
    int (*code)(const void *) = needed(library, "TF_GetCode");
    const char *(*message)(const void *) = needed(library, "TF_Message");
    if (!new_status || !new_graph || !new_options || !load || !code || !message) return 1;
    void *status = new_status();
    const char *tags[] = {arguments[4]};
    load(new_options(), NULL, arguments[3], tags, 1, new_graph(), NULL, status);
    if (code(status) != 0) {
        fprintf(stderr, "%s\n", message(status));
        return 1;
    }
    return 0;
}
