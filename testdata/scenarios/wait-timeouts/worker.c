/* worker: waits on a condition that nobody signals, ten times 100 ms. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

int main(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t work = PTHREAD_COND_INITIALIZER;
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 10; i++) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_cond_timedwait(&work, &mutex, &until) != ETIMEDOUT)
			return 1;
	}
	return 0;
}
