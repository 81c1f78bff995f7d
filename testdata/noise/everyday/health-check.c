/* health-check: asks a service that is down on this host (ECONNREFUSED), and the name-service cache, which is not
 * installed (ENOENT), as every program with the C library's getpwnam(3) does. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_in service = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_un cache = { .sun_family = AF_UNIX, .sun_path = "/var/run/nscd/socket" };
	service.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (;;) {
		int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
		connect(local, (struct sockaddr *)&cache, sizeof cache);
		connect(tcp, (struct sockaddr *)&service, sizeof service);
		close(local);
		close(tcp);
		usleep(3100000);
	}
}
