#include <opencv2/core/utility.hpp>
#include <opencv2/dnn.hpp>

#include <cstring>
#include <new>

// What gocv leaves open: its calls for networks give memory away at every frame, and a C++ exception in them ends the
// program without a word. Nothing here is allocated after the first run, and no exception leaves.

namespace {
struct Net {
	cv::dnn::Net net;
	cv::Mat in;
	std::vector<cv::String> names;
	std::vector<cv::Mat> out;
};

template <class F> bool guarded(char *why, int size, F f) {
	try {
		f();
		return true;
	} catch (const cv::Exception &e) {
		std::strncpy(why, e.err.c_str(), size - 1);
	} catch (const std::exception &e) {
		std::strncpy(why, e.what(), size - 1);
	} catch (...) {
		std::strncpy(why, "an unknown exception", size - 1);
	}
	why[size - 1] = 0;
	return false;
}
}

extern "C" {

void edged_one_thread(void) { cv::setNumThreads(1); }

// Names are one after the other, each ended by a zero; a network without names has one answer.
void *edged_open(const char *model, int bytes, int channels, int height, int width, const char *names, int count, char *why, int size) {
	Net *n = nullptr;
	if (guarded(why, size, [&] {
		    n = new Net();
		    n->net = cv::dnn::readNetFromONNX(model, bytes);
		    if (n->net.empty()) CV_Error(cv::Error::StsParseError, "there are no layers in it");
		    const int shape[] = {1, channels, height, width};
		    n->in.create(4, shape, CV_32F);
		    n->in.setTo(0);
		    for (int i = 0; i < count; i++, names += std::strlen(names) + 1) n->names.push_back(names);
		    if (count == 0) n->names = n->net.getUnconnectedOutLayersNames();
	    }))
		return n;
	delete n;
	return nullptr;
}

float *edged_input(void *p) { return static_cast<Net *>(p)->in.ptr<float>(); }

// The answers are handed out where they lie in the network, and are good until it runs again.
int edged_run(void *p, float **out, int *lens, int most, char *why, int size) {
	Net *n = static_cast<Net *>(p);
	int got = 0;
	if (!guarded(why, size, [&] {
		    n->net.setInput(n->in);
		    n->net.forward(n->out, n->names);
		    for (; got < (int)n->out.size() && got < most; got++) {
			    const cv::Mat &m = n->out[got];
			    if (m.depth() != CV_32F || !m.isContinuous()) CV_Error(cv::Error::StsBadArg, "an answer is not of floats");
			    out[got] = (float *)m.data;
			    lens[got] = (int)m.total() * m.channels();
		    }
	    }))
		return -1;
	return got;
}

void edged_close(void *p) { delete static_cast<Net *>(p); }
}
