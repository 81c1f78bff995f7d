/* web-server: serves a visitor every 0.7 s. It takes connections and requests until there are none (EAGAIN),
 * and some visitors leave before their answer has come (ECONNRESET or EPIPE). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char ANSWER[] = "HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nwelcome\n";

/* Every sixteenth visitor is impatient: its close resets the connection. */
static void visit(const struct sockaddr_in *site)
{
	char text[256];
	for (unsigned visit = 0;; visit++) {
		int server = socket(AF_INET, SOCK_STREAM, 0);
		struct linger reset = { .l_onoff = visit % 16 == 15 };
		if (connect(server, (const struct sockaddr *)site, sizeof *site) == 0 && write(server, "GET /\r\n", 7) == 7 &&
		    !reset.l_onoff)
			while (read(server, text, sizeof text) > 0)
				;
		setsockopt(server, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(server);
		usleep(700000);
	}
}

int main(void)
{
	struct sockaddr_in site = { .sin_family = AF_INET, .sin_port = htons(8081) };
	site.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	signal(SIGPIPE, SIG_IGN);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&site, sizeof site) || listen(listener, 16))
		return 1;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		visit(&site);
	}
	for (;;) {
		struct pollfd ready = { .fd = listener, .events = POLLIN };
		poll(&ready, 1, -1);
		for (int visitor; (visitor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0; close(visitor)) {
			char request[256];
			struct pollfd input = { .fd = visitor, .events = POLLIN };
			poll(&input, 1, 1000);
			if (read(visitor, request, sizeof request) > 0 && read(visitor, request, sizeof request) < 0)
				send(visitor, ANSWER, sizeof ANSWER - 1, 0);
		}
	}
}
